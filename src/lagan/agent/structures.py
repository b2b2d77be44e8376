"""The ten folder structures as rows of levels, and what the names met on the way down stand for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from lagan.agent.keys import STRUCTURES


class Level(Enum):
    """What the folders of one level stand for."""

    USER = "user"
    EMAIL = "email"
    GROUP = "group"
    INSTRUMENT = "instrument"
    FULL_NAME = "full name"
    LITERAL = "MyTardis"
    EXPERIMENT = "experiment"
    DATASET = "dataset"


_USER, _EMAIL, _GROUP = Level.USER, Level.EMAIL, Level.GROUP
_EXPERIMENT, _DATASET = Level.EXPERIMENT, Level.DATASET

LEVELS: Mapping[str, tuple[Level, ...]] = dict(
    zip(
        STRUCTURES,
        (
            (_USER, _DATASET),
            (_EMAIL, _DATASET),
            (_USER, _EXPERIMENT, _DATASET),
            (_EMAIL, _EXPERIMENT, _DATASET),
            (_USER, Level.LITERAL, _EXPERIMENT, _DATASET),
            (_GROUP, Level.INSTRUMENT, Level.FULL_NAME, _DATASET),
            (_EXPERIMENT, _DATASET),
            (_DATASET,),
            (_GROUP, _DATASET),
            (_GROUP, _EXPERIMENT, _DATASET),
        ),
        strict=True,
    )
)
"""Levels from the data folder downwards, for each value of the setting `folder_structure`."""

EXPERIMENT_FILES = "__EXPERIMENT_FILES__"
"""The dataset that takes the files lying directly in an experiment's folder."""


@dataclass(frozen=True, slots=True)
class Place:
    """Whose a dataset is and where it belongs. `owner` None is the agent's own account,
    `experiment` None the default."""

    owner: str | None
    owner_kind: str
    experiment: str | None


def place(
    names: Mapping[Level, str], instrument: str, group_prefix: str, loose: bool = False
) -> Place:
    """What the folder names of the levels say. `loose` is for EXPERIMENT_FILES, named by the
    folder alone."""
    experiment = names.get(_EXPERIMENT)
    if _GROUP in names:
        folder = names[_GROUP]
        if Level.FULL_NAME in names:
            title = f"{instrument} - {names[Level.FULL_NAME]}"
        elif experiment is not None:
            title = experiment if loose else f"{folder} - {experiment}"
        else:
            title = folder
        return Place(f"{group_prefix}{folder}", "group", title)
    if _EMAIL in names:
        return Place(names[_EMAIL], "email", experiment)
    return Place(names.get(_USER), "username", experiment)
