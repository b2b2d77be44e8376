"""Volumes that stand in front of another one and add a rule: read-only, retry, throttle, faulty."""

from lagan.store.wrappers.faulty import Fault, FaultyVolume
from lagan.store.wrappers.readonly import ReadOnlyVolume
from lagan.store.wrappers.retry import RetryVolume
from lagan.store.wrappers.throttle import ThrottledVolume

__all__ = ["Fault", "FaultyVolume", "ReadOnlyVolume", "RetryVolume", "ThrottledVolume"]
