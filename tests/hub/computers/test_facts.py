"""The facts of a computer: every wrong answer is told at once, paths never leave the top."""

from __future__ import annotations

import pytest

from lagan.hub.computers.errors import BadFacts
from lagan.hub.computers.facts import beneath, checked
from lagan.kit.errors import BadInput
from lagan.transfer import OutsideTop


def test_answers_are_kept_as_given_without_blanks_around():
    given = {"need": " 1.5 TB ", "period": "yearly", "path": "C:\\files", "ip": "2001:db8::7"}
    assert checked(given)["need"] == "1.5 TB"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("need", "much"),
        ("period", "daily"),
        ("ip", "300.1.1.1"),
        ("port", "0"),
        ("port", "65536"),
        ("port", "²"),
        ("path", "data"),
        ("path", "/data/../etc"),
        ("host", "two words"),
        ("user", "root@elsewhere"),
        ("protocol", "telnet"),
        ("room", "a\nb"),
        ("room", "x" * 501),
        ("colour", "red"),
    ],
)
def test_wrong_answers_are_refused_by_name(name, value):
    with pytest.raises(BadFacts) as refusal:
        checked({"os": "Debian 12", name: value})
    assert set(refusal.value.reasons) == {name}


def test_every_problem_is_told_at_once():
    with pytest.raises(BadFacts) as refusal:
        checked({"ip": "x", "port": "y", "os": "Debian"})
    assert set(refusal.value.reasons) == {"ip", "port"}


@pytest.mark.parametrize(
    ("top", "path", "relative"),
    [
        ("/data", "/data/run 1", "run 1"),
        ("/data/", "/data/run/1/", "run/1"),
        ("/data", "run/1", "run/1"),
        ("/data", "/data", ""),
        ("/data", ".", ""),
        ("/", "/data", "data"),
        ("C:\\files", "c:\\files\\run\\1", "run/1"),
        ("C:\\files", "run\\1", "run/1"),
        ("d:", "d:\\run", "run"),
        ("/data", "back\\slash", "back\\slash"),
    ],
)
def test_paths_become_relative_to_the_top(top, path, relative):
    assert beneath(top, path) == relative


@pytest.mark.parametrize("path", ["/etc", "/database", "../etc", "run/../../etc", "C:\\x", "a\0b"])
def test_paths_that_lead_elsewhere_are_refused(path):
    with pytest.raises(OutsideTop):
        beneath("/data", path)


@pytest.mark.parametrize("path", ["", "  "])
def test_no_path_is_asked_for(path):
    with pytest.raises(BadInput, match="Which folder"):
        beneath("/data", path)
