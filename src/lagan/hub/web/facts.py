"""A computer's facts as a form and as a list: words, hints, choices, reasons; pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from lagan.hub.computers.queries import FACTS

_GROUPS: tuple[tuple[str, str | Promise], ...] = (
    ("use", _("What it is and what it needs")),
    ("people", _("Who is responsible")),
    ("place", _("Where it stands")),
    ("reach", _("How the hub reaches it")),
)
_WORDS: Mapping[str, tuple[str | Promise, str | Promise]] = {
    "name": (_("Descriptive name"), _("It usually follows the instrument, as QCM or NMR400.")),
    "need": (_("Storage need"), _("How much it will write, as 200 GB or 1.5 TB.")),
    "period": (_("The need is"), ""),
    "os": (_("Operating system"), _("Windows 10, macOS 14, Debian 12…")),
    "responsible": (_("Responsible person"), ""),
    "science-group": (_("Science group"), ""),
    "department": (_("Department"), ""),
    "campus": (_("Campus"), ""),
    "building": (_("Building"), ""),
    "room": (_("Room"), ""),
    "outlet": (_("Network outlet"), _("The number on the wall, if it is cut off.")),
    "host": (_("Host name"), _("As its operating system calls it.")),
    "ip": (_("IP address"), _("Where the hub finds it; the host name if empty.")),
    "path": (_("Top folder of the data"), _("Absolute, as /data or C:\\files.")),
    "protocol": (_("Protocol"), ""),
    "port": (_("Port"), _("22 unless its SSH server was told otherwise.")),
    "user": (_("User name"), _("The account on it that may read the data.")),
}
_CHOICES: Mapping[str, str | Promise] = {
    "monthly": _("monthly"),
    "yearly": _("yearly"),
    "sftp": "SFTP",
}


@dataclass(frozen=True, slots=True)
class ShownFact:
    """One fact: its words, what is known, what may be chosen, why it was refused."""

    name: str
    words: str | Promise
    hint: str | Promise
    value: str
    shown: str | Promise
    choices: list[tuple[str, str | Promise]]
    reason: str


@dataclass(frozen=True, slots=True)
class FactGroup:
    """Facts that belong together."""

    name: str
    words: str | Promise
    facts: list[ShownFact]


def fact_groups(
    values: Mapping[str, str], reasons: Mapping[str, str] | None = None, *, known_only: bool = False
) -> list[FactGroup]:
    """All facts in their groups; with `known_only` those that have a value."""
    found = [
        FactGroup(
            name,
            words,
            [
                _shown(each.name, values.get(each.name, ""), each.choices, reasons or {})
                for each in FACTS
                if each.group == name and (values.get(each.name) or not known_only)
            ],
        )
        for name, words in _GROUPS
    ]
    return [each for each in found if each.facts]


def _shown(
    name: str, value: str, choices: tuple[str, ...], reasons: Mapping[str, str]
) -> ShownFact:
    words, hint = _WORDS[name]
    return ShownFact(
        name,
        words,
        hint,
        value,
        _CHOICES.get(value, value),
        [(each, _CHOICES[each]) for each in choices],
        reasons.get(name, ""),
    )
