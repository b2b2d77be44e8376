"""Who sees what in a target of the archive: the site itself, a site that was put together with it,
and a stranger."""

from __future__ import annotations

import pytest

from lagan.hub.base.actors import SYSTEM, Actor
from lagan.kit.errors import BadInput, Conflict, Forbidden, NotFound, NotSignedIn
from lagan.worker.archive_hub import Where
from lagan.worker.archive_volume import ArchiveVolume
from tests.hub.targets.conftest import Volumes, get, put


@pytest.fixture
def three(volume_of: Volumes) -> tuple[ArchiveVolume, ArchiveVolume, ArchiveVolume]:
    """The owner's view, that of a site together with it, and a stranger's."""
    from lagan.hub.targets.sharing import put_together

    views = volume_of("lab"), volume_of("office"), volume_of("elsewhere")
    put_together(by=SYSTEM, target="archive", sites=["lab", "office"])
    return views


def test_three_sites_see_what_they_may(
    three: tuple[ArchiveVolume, ArchiveVolume, ArchiveVolume],
) -> None:
    owner, friend, stranger = three
    put(owner, scan=b"content")
    owner.replace(".lagan/hsm/scan.json", b"what is known")
    for each in (owner, friend):
        assert get(each, "scan") == b"content"
        assert get(each, ".lagan/hsm/scan.json") == b"what is known"
        assert [one.name for one in each.list()] == ["scan"]
        assert each.prove(["scan"])["scan"] is not None
    for name in ("scan", ".lagan/hsm/scan.json"):
        with pytest.raises(NotFound):
            get(stranger, name)
        with pytest.raises(NotFound):
            stranger.stat(name)
    assert list(stranger.list()) == []
    assert stranger.prove(["scan"]) == {"scan": None}


def test_only_the_owner_removes_and_changes(
    three: tuple[ArchiveVolume, ArchiveVolume, ArchiveVolume],
) -> None:
    owner, friend, stranger = three
    put(owner, scan=b"content")
    owner.replace(".lagan/hsm/scan.json", b"the owner's")
    for other in (friend, stranger):
        assert other.delete("scan") is False
        assert other.delete(".lagan/hsm/scan.json") is False
        with pytest.raises(Conflict):
            put(other, scan=b"another")
    assert get(owner, "scan") == b"content"
    friend.replace(".lagan/hsm/scan.json", b"the friend's, later")
    assert get(owner, ".lagan/hsm/scan.json") == b"the friend's, later"
    friend.delete(".lagan/hsm/scan.json")
    assert get(owner, ".lagan/hsm/scan.json") == b"the owner's"


def test_uploads_are_nobody_elses(
    three: tuple[ArchiveVolume, ArchiveVolume, ArchiveVolume],
) -> None:
    owner, friend, _ = three
    incoming = owner.receive("on-its-way")
    incoming.write([b"x"])
    incoming.checkpoint()
    assert list(friend.pending()) == []
    with pytest.raises(NotFound):
        friend.resume("on-its-way", size=0)
    incoming.discard()


def test_who_is_no_more_together_sees_nothing(
    three: tuple[ArchiveVolume, ArchiveVolume, ArchiveVolume],
) -> None:
    from lagan.hub.targets.sharing import put_together

    owner, friend, _ = three
    put(owner, scan=b"content")
    put_together(by=SYSTEM, target="archive", sites=[])
    with pytest.raises(NotFound):
        friend.stat("scan")
    assert get(owner, "scan") == b"content"


def test_targets_do_not_know_each_other(volume_of: Volumes) -> None:
    put(volume_of("lab", "one"), scan=b"1")
    put(volume_of("lab", "two"), scan=b"2")
    assert get(volume_of("lab", "one"), "scan") == b"1"


def test_people_without_the_right_put_nothing_together(volume_of: Volumes) -> None:
    from lagan.hub.targets.sharing import participants, put_together

    volume_of("lab").usage()
    anybody = Actor(103, "stranger", "session")
    with pytest.raises(Forbidden):
        put_together(by=anybody, target="archive", sites=["lab"])
    with pytest.raises(Forbidden):
        participants(anybody)
    with pytest.raises(NotFound, match="nowhere"):
        put_together(by=SYSTEM, target="archive", sites=["nowhere"])


def test_a_key_opens_only_its_own_site(address: str, volume_of: Volumes) -> None:
    volume_of("lab").usage()
    volume_of("office").usage()
    key = volume_of("lab")._hub.where.credentials()
    with pytest.raises(NotFound):
        ArchiveVolume(Where(address, "archive", "office", lambda: key)).usage()
    for wrong in ("Site-Key x", "Bearer x", "Site-Key lgo_forged"):
        with pytest.raises(NotSignedIn):
            ArchiveVolume(Where(address, "archive", "lab", lambda w=wrong: w)).usage()  # type: ignore
    with pytest.raises(BadInput):
        ArchiveVolume(Where(address, "no/name", "lab", lambda: key)).usage()


def test_a_worker_of_the_hubs_own_shows_a_word_that_the_hub_signed(
    address: str, volume_of: Volumes, monkeypatch: pytest.MonkeyPatch
) -> None:
    from datetime import timedelta

    from lagan.hub.jobs import keys

    put(volume_of("local"), scan=b"content")
    word = keys.own_key(["hub", "local"])
    mine = ArchiveVolume(Where(address, "archive", "local", lambda: f"Site-Key {word}"))
    assert get(mine, "scan") == b"content"
    other = ArchiveVolume(Where(address, "archive", "lab", lambda: f"Site-Key {word}"))
    with pytest.raises(NotFound):
        other.usage()
    monkeypatch.setattr(keys, "_OWN_LASTS", timedelta(seconds=-1))
    with pytest.raises(NotSignedIn):
        mine.usage()
