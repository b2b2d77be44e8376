"""A deployed configuration is read as it is; a wrong one is refused with element, attribute and
reason, all at once."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from lagan.hub.doors.node.config import Refused, load, parse
from lagan.hub.doors.node.config.loading import unknown
from lagan.kit.errors import BadInput

SAMPLE = (Path(__file__).parent / "node.xml").read_text()


def changed(old: str, new: str) -> bytes:
    assert old in SAMPLE, old
    return SAMPLE.replace(old, new).encode()


def refused(document: bytes) -> list[str]:
    with pytest.raises(Refused) as refusal:
        parse(document, "node.xml")
    assert refusal.value.sentence.startswith(
        "CHECK REPORT FOR NG/AMS CONFIGURATION; Configuration Filename: node.xml; "
    )
    problems: list[str] = refusal.value.facts["problems"]
    return problems


def test_a_whole_configuration_is_read() -> None:
    config = parse(SAMPLE.encode())
    assert (config.server.port, config.server.address) == (8888, "127.0.0.1")
    assert config.server.plug_in_paths == ("plugins", "/opt/more")
    assert config.database.connection == {"host": "db", "dbname": "ngas", "user": "ngas"}
    assert config.database.session_sql == ("SET ROLE ngas",)
    assert config.storage_sets.items[0].replica == "volume2"
    assert config.streams.items[0].parameters == {"compression": "gzip --no-name", "x": ""}
    assert config.streams.items[0].storage_sets == ("set1", "set2")
    assert config.archiving is not None
    assert config.archiving.checksum == "crc32c"
    assert config.archiving.event_handlers[0].parameters == {"a": "1"}
    assert config.processing.plug_ins[0].mime_types == ("image/x-fits",)
    assert config.notification.disk_space.addresses == ("a@example.org", "b@example.org")
    assert config.notification.retain_time == timedelta(minutes=30)
    assert config.janitor.plug_ins == ("my.janitor",)
    assert config.data_check is not None
    assert config.data_check.cycle == timedelta(days=1, hours=2)
    assert config.log.rotate_every == timedelta(minutes=10)
    assert config.authorization.users[0].password == "secret"
    assert config.authorization.users[0].commands == ("QARCHIVE", "STATUS")
    assert config.subscriptions is not None
    assert config.subscriptions.items[0].host == "other"
    assert config.partners.addresses == ("partner:7777",)
    assert config.system.online_parameters == {"a": "b"}


def test_what_is_absent_has_the_documented_default() -> None:
    config = parse(changed(' PortNo="8888"', ""))
    assert config.server.port == 7777
    assert config.server.request_store == "null"
    assert config.log.archive_rotated is False
    assert config.mirroring is None


def test_every_reason_is_given_at_once_with_its_line() -> None:
    document = changed('PortNo="8888"', 'PortNo="many"').replace(b'ProxyMode="0"', b"")
    problems = refused(document.replace(b'AllowRemoveReq="1"', b'AllowRemoveReq="maybe"'))
    assert problems == [
        "line 4: Server.PortNo: 'many' is no whole number",
        "line 4: Server.ProxyMode: it is missing",
        "line 7: Permissions.AllowRemoveReq: 'maybe' is neither 1 nor 0",
    ]


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('PortNo="8888"', 'PortNo="0"', "Server.PortNo: 0 is not between 1 and 65535"),
        ('RequestDbBackend="null"', 'RequestDbBackend="redis"', "none of null, memory, bsddb"),
        ('CRCVariant="1"', 'CRCVariant="9"', "CRCVariant: '9' is no checksum variant"),
        ("00T00:30:00", "soon", "MaxRetentionTime: 'soon' is no amount of time"),
        ('StorageSetId="set2" Main', 'StorageSetId="set1" Main', "set1 is there twice"),
        ('MainDiskSlotId="volume3"', 'MainDiskSlotId="volume1"', "the slot volume1 is used twice"),
        ('<StorageSetRef StorageSetId="set2"/>', '<StorageSetRef StorageSetId="no"/>', "set no"),
        ('PathPrefix="saf"', 'PathPrefix="../saf"', "it leads out of the volume"),
        ('PathPrefix="saf"', 'PathPrefix="/saf"', "it leads out of the volume"),
        ('Password="c2VjcmV0"', 'Password="secret!"', "Password: it is not base64 of UTF-8"),
        ('MinCycle="01T02:00:00"', 'MinCycle="00:00"', "a time between two cycles"),
        ('AllowRemoveReq="1"', 'AllowRemoveReq="0"', "cache mode removes files"),
        ('Extension="txt"', 'Extension="fits"', "fits is mapped twice"),
    ],
)
def test_what_does_not_fit_is_named(old: str, new: str, reason: str) -> None:
    problems = refused(changed(old, new))
    assert any(reason in problem for problem in problems), problems


def test_a_password_is_in_no_refusal() -> None:
    problems = refused(changed('Password="c2VjcmV0"', 'Password="hunter2!"'))
    assert "hunter2" not in str(problems)
    assert "secret" not in repr(parse(SAMPLE.encode()).authorization)


def test_missing_elements_are_named() -> None:
    problems = refused(b'<NgamsCfg Id="x"><Server/></NgamsCfg>')
    assert "line 1: Server.RootDirectory: it is missing" in problems
    assert "line 1: NgamsCfg.Db: this element is missing" in problems


def test_without_archiving_its_element_may_be_absent() -> None:
    start, end = SAMPLE.index("<ArchiveHandling"), SAMPLE.index("</ArchiveHandling>")
    without = SAMPLE[:start] + SAMPLE[end + len("</ArchiveHandling>") :]
    assert refused(without.encode()) == [
        "ArchiveHandling: archiving is allowed, so this element is needed"
    ]
    allowed = without.replace('AllowArchiveReq="1"', 'AllowArchiveReq="0"')
    assert parse(allowed.encode()).archiving is None


def test_what_means_nothing_is_passed_over_and_can_be_told() -> None:
    document = changed("<Permissions", '<Telescope Mirror="8m"/><Permissions Colour="red"')
    parse(document)
    assert [str(each) for each in unknown(document)] == [
        "line 7: Telescope: this element means nothing here",
        "line 7: Permissions.Colour: it means nothing here",
    ]
    assert unknown(SAMPLE.encode()) == []


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"not xml",
        b"<NgamsCfg>",
        b"<Other/>",
        b'<!DOCTYPE a [<!ENTITY b "c">]><NgamsCfg>&b;</NgamsCfg>',
        b'<!DOCTYPE a [<!ENTITY % b SYSTEM "file:///etc/passwd"> %b;]><NgamsCfg/>',
        b'<?xml version="1.0" encoding="klingon"?><NgamsCfg/>',
        b"<a>" * 100_000,
        b"\xff\xfe\x00",
        b" " * (5 << 20),
    ],
)
def test_what_is_no_configuration_is_refused(document: bytes) -> None:
    with pytest.raises(BadInput):
        parse(document)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"absent\.xml: No such file"):
        load(tmp_path / "absent.xml")
    (tmp_path / "odd.xml").write_text("<")
    with pytest.raises(BadInput, match=r"odd\.xml: Line 1"):
        load(tmp_path / "odd.xml")
