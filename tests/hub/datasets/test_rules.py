"""What becomes of a file that arrives for a path."""

from __future__ import annotations

from uuid import UUID

from lagan.hub.datasets.rules import Current, place

NEW, OLD = UUID(int=1), UUID(int=2)
NOW = Current(entry=7, stored=OLD, file_id="f", version=3, size=5, sha256="a" * 64)


def test_the_first_file_of_a_path_is_version_one_of_its_own_id():
    decided = place(None, new_id=NEW, size=5, sha256="a" * 64)
    assert (decided.kind, decided.file_id, decided.version) == ("new", NEW.hex, 1)


def test_the_same_content_is_present():
    decided = place(NOW, new_id=NEW, size=5, sha256="a" * 64)
    assert (decided.kind, decided.file_id, decided.version) == ("present", "f", 3)


def test_other_content_is_the_next_version():
    decided = place(NOW, new_id=NEW, size=5, sha256="b" * 64)
    assert (decided.kind, decided.file_id, decided.version) == ("version", "f", 4)


def test_content_whose_digest_is_unknown_is_never_taken_for_present():
    assert place(NOW, new_id=NEW, size=5, sha256=None).kind == "version"
    unknown = Current(7, OLD, "f", 3, 5, None)
    assert place(unknown, new_id=NEW, size=5, sha256="a" * 64).kind == "version"
