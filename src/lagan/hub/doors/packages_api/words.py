"""Refusals as the preservation service words them, in the language that was asked for.

Source: seeds/preservation-packages.txt has "Nenalezeno."; the others are said in its manner.
"""

from __future__ import annotations

from typing import Any

from django.utils.translation.trans_real import parse_accept_lang_header

from lagan.kit.errors import LaganError

_LANGUAGES = {"en": 0, "cs": 1, "nb": 2, "no": 2, "nn": 2}
REQUIRED = "required"
NO_FILE = "no-file"
_SENTENCES: dict[str, tuple[str, str, str]] = {
    "not-found": ("Not found.", "Nenalezeno.", "Ikke funnet."),
    "not-signed-in": ("Invalid token.", "Neplatný token.", "Ugyldig token."),
    "no-credentials": (
        "Authentication credentials were not provided.",
        "Nebyly zadány přihlašovací údaje.",
        "Påloggingsinformasjon ble ikke oppgitt.",
    ),
    "forbidden": (
        "You do not have permission to perform this action.",
        "K provedení této akce nemáte oprávnění.",
        "Du har ikke tillatelse til å utføre denne handlingen.",
    ),
    "method-not-allowed": (
        "Method not allowed.",
        "Metoda není povolena.",
        "Metoden er ikke tillatt.",
    ),
    "package-not-ready": (
        "The package is not in a state that allows this.",
        "Stav balíčku to nedovoluje.",
        "Pakkens tilstand tillater ikke dette.",
    ),
    "package-superseded": (
        "The package has a newer version.",
        "Balíček má novější verzi.",
        "Pakken har en nyere versjon.",
    ),
    "over-quota": (
        "The group has no room for the package.",
        "Skupina nemá pro balíček místo.",
        "Gruppen har ikke plass til pakken.",
    ),
    "no-space": (
        "There is no room for the package just now.",
        "Pro balíček teď není místo.",
        "Det er ikke plass til pakken akkurat nå.",
    ),
    "no-good-copy": (
        "The package cannot be read just now.",
        "Balíček teď nelze přečíst.",
        "Pakken kan ikke leses akkurat nå.",
    ),
    REQUIRED: (
        "This field is required.",
        "Toto pole je vyžadováno.",
        "Dette feltet er påkrevd.",
    ),
    NO_FILE: (
        "No file was submitted.",
        "Nebyl odeslán žádný soubor.",
        "Ingen fil ble sendt.",
    ),
}


def language(accepted: str | None) -> int:
    """The column of the best language of an Accept-Language header that we speak; English without
    any."""
    for name, _ in parse_accept_lang_header((accepted or "").lower()):
        if (found := _LANGUAGES.get(name.partition("-")[0])) is not None:
            return found
    return 0


def document(error: LaganError, accepted: str | None) -> dict[str, Any]:
    """The body of a refusal: `{"detail": ...}`, or `{<field>: [...]}` for a field that is wrong.
    What has no sentence here is told in English."""
    spoken = _SENTENCES.get(str(error.facts.get("word", error.code)))
    sentence = spoken[language(accepted)] if spoken else error.sentence
    field = error.facts.get("field")
    return {field: [sentence]} if isinstance(field, str) else {"detail": sentence}
