"""The verbs of instruments."""

from lagan.hub.instruments.announcing import announce
from lagan.hub.instruments.approving import Wish, approve, ask_for_approval, refuse, revoke
from lagan.hub.instruments.chunks import CHECKSUM, Chunk, complete, standing
from lagan.hub.instruments.describing import make_dataset
from lagan.hub.instruments.experiments import make_experiment, share_experiment
from lagan.hub.instruments.facilities import make_instrument, rename_instrument
from lagan.hub.instruments.keys import lines as key_lines
from lagan.hub.instruments.keys import write_keys
from lagan.hub.instruments.rules import LARGEST_CHUNK, Announced, md5_given
from lagan.hub.instruments.sending import Sent, require_place, sent
from lagan.hub.instruments.taking import take_in, verify
from lagan.hub.instruments.uploaders import (
    Report,
    change_settings,
    heard,
    note_report,
    note_settings,
    note_uploader,
)

__all__ = [
    "Announced",
    "CHECKSUM",
    "Chunk",
    "LARGEST_CHUNK",
    "Report",
    "Sent",
    "Wish",
    "announce",
    "approve",
    "ask_for_approval",
    "change_settings",
    "complete",
    "heard",
    "key_lines",
    "make_dataset",
    "make_experiment",
    "make_instrument",
    "md5_given",
    "note_report",
    "note_settings",
    "note_uploader",
    "refuse",
    "rename_instrument",
    "require_place",
    "revoke",
    "sent",
    "share_experiment",
    "standing",
    "take_in",
    "verify",
    "write_keys",
]
