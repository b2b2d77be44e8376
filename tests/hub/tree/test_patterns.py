"""People's regular expressions match whole texts, and neither they nor the texts hold us up."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lagan.hub.tree.metadata.values import LONGEST_VALUE
from lagan.hub.tree.templates.patterns import LONGEST_PATTERN, matcher
from lagan.kit.errors import BadInput

HOSTILE = [
    r"(a+)+$",
    r"(a|aa)*b",
    r"(a|a?)+c",
    r"(.*)*x",
    r"(.{1,100}){1,9}x",
    r"(a?){500}a{500}",
    r"([a-z]+)*[0-9]",
    "a?" * 480 + "b",
    r"(\w+\s?)*!",
]


@pytest.mark.parametrize("pattern", HOSTILE)
def test_what_makes_others_search_back_for_ever_takes_no_time(pattern: str) -> None:
    began = time.process_time()
    fits = matcher(pattern)
    for text in ("a" * LONGEST_VALUE, "a" * (LONGEST_VALUE - 1) + "!", "ab" * (LONGEST_VALUE // 2)):
        fits(text)
    assert time.process_time() - began < 1


@pytest.mark.parametrize(
    "pattern",
    [
        "(",
        "[z-a]",
        "a**",
        r"(?=x)y",
        r"(a)\1",
        "((a{100}){100}){100}",
        "a" * (LONGEST_PATTERN + 1),
        "a\x00",
        "\ud800",
        "*",
    ],
)
def test_what_is_no_expression_or_too_large_is_refused(pattern: str) -> None:
    with pytest.raises(BadInput):
        matcher(pattern)


def test_an_expression_is_about_the_whole_text() -> None:
    fits = matcher("[A-Z]{2}-[0-9]+")
    assert fits("AB-12")
    assert not any(fits(each) for each in ("xAB-12", "AB-12\n", "AB-12 ", "ab-12", "AB-12\nCD-3"))
    assert matcher("a|b")("b")
    assert matcher(r"\p{L}+")("Žlutý")


@given(st.text(max_size=60), st.text(max_size=60))
def test_any_text_is_matched_or_refused(pattern: str, text: str) -> None:
    try:
        fits = matcher(pattern)
    except BadInput:
        return
    assert fits(text.encode("utf-8", "replace").decode()) in (True, False)
