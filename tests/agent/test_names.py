"""250 odd names arrive exactly or are refused by name; nothing is fatal, nothing is lost."""

from __future__ import annotations

import os

from hypothesis import given
from hypothesis import strategies as st

from lagan.agent.names import shown, trouble
from tests.agent.conftest import Bench
from tests.agent.hub import TestHub
from tests.agent.strange import names


def test_as_files_in_batches_and_by_themselves(bench: Bench, hub: TestHub) -> None:
    wanted = names()
    assert len(wanted) >= 250
    for n, name in enumerate(wanted):
        bench.file(f"anna/d/{name}", f"content {n}".encode())
    report = bench.sync(batch_files=50)
    assert (report.exit, report.sent, report.archived) == (0, len(wanted), len(wanted))
    assert hub.contents() == bench.local()
    hub.files["d0"].clear()
    again = bench.sync(small_file_limit=0, max_upload_threads=4)
    assert (again.exit, again.sent) == (0, len(wanted))
    assert hub.contents() == bench.local()
    assert bench.sync().already == len(wanted)


def test_as_folders(bench: Bench, hub: TestHub) -> None:
    for name in names():
        bench.file(f"anna/d/{name}/f", name.encode())
        if not name.startswith("."):
            bench.file(f"ben/{name}/f", name.encode())
    report = bench.sync()
    assert report.exit == 0, report.refused
    assert hub.contents() == bench.local()


def test_names_that_the_hub_refuses_are_named(bench: Bench, hub: TestHub) -> None:
    bench.file("anna/d/good")
    base = os.fsencode(bench.data)
    with open(base + b"/anna/d/caf\xe9", "wb") as file:  # noqa: PTH123 - the name is bytes
        file.write(b"x")
    hub.state_of = lambda dataset, row: (5, None) if row[0] == "good" else (0, None)  # type: ignore[method-assign]
    report = bench.sync()
    assert {each.path for each in report.refused} == {"anna/d/good", r"anna/d/caf\xe9"}
    assert report.exit == 11


@given(st.binary(min_size=1, max_size=300))
def test_any_name_can_be_shown(raw: bytes) -> None:
    name = os.fsdecode(raw)
    assert shown(name).isprintable()
    is_utf8 = raw.decode("utf-8", "replace").encode() == raw
    assert (trouble(name) is None) is is_utf8
