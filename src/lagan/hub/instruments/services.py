"""The verbs of instruments."""

from lagan.hub.instruments.describing import make_dataset
from lagan.hub.instruments.experiments import make_experiment, share_experiment
from lagan.hub.instruments.facilities import make_instrument, rename_instrument
from lagan.hub.instruments.rules import Announced, md5_given
from lagan.hub.instruments.sending import Sent, require_place, sent

__all__ = [
    "Announced",
    "Sent",
    "make_dataset",
    "make_experiment",
    "make_instrument",
    "md5_given",
    "rename_instrument",
    "require_place",
    "sent",
    "share_experiment",
]
