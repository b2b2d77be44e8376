"""Plug-ins come from the configured folders and from nowhere else."""

from __future__ import annotations

from pathlib import Path

import pytest

from lagan.hub.doors.node.config.loading import parse
from lagan.hub.doors.node.plugins.kinds import FUNCTIONS, Kind
from lagan.hub.doors.node.plugins.loading import PlugIns
from lagan.hub.doors.node.wire.reply import Failed
from tests.services.node import Node, configuration


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "plug-ins"
    (made / "ngamsPlugIns" / "site").mkdir(parents=True)
    return made


@pytest.fixture
def plug_ins(tmp_path: Path, folder: Path) -> PlugIns:
    node = Node(tmp_path, port=7777, server={"PluginsPath": f"elsewhere:{folder}"})
    return PlugIns(parse(configuration(node).encode()))


def put(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


@pytest.mark.parametrize("name", ["mine", "ngamsPlugIns.mine", " mine "])
@pytest.mark.parametrize("place", ["mine.py", "ngamsPlugIns/mine.py", "mine/__init__.py"])
def test_a_file_in_a_folder_is_found(
    plug_ins: PlugIns, folder: Path, name: str, place: str
) -> None:
    put(folder / place, "def mine(server):\n    return server + 1\n")
    assert plug_ins.find("disk sync", name)(1) == 2


def test_the_old_package_comes_first(plug_ins: PlugIns, folder: Path) -> None:
    put(folder / "mine.py", "def mine(): return 'bare'\n")
    put(folder / "ngamsPlugIns/mine.py", "def mine(): return 'package'\n")
    assert plug_ins.call("label", "mine") == "package"


@pytest.mark.parametrize(("kind", "function"), sorted(FUNCTIONS.items()))
def test_some_kinds_have_a_function_of_their_own(
    plug_ins: PlugIns, folder: Path, kind: Kind, function: str
) -> None:
    put(folder / "site/mine.py", f"def {function}(): return 7\ndef mine(): return 8\n")
    assert plug_ins.call(kind, "site.mine") == 7


def test_an_archive_event_plug_in_is_a_class(plug_ins: PlugIns, folder: Path) -> None:
    text = "class Told:\n    def __init__(self, **pars): self.pars = pars\n"
    put(folder / "events.py", text)
    assert plug_ins.find("archive event", "events.Told")(a="b").pars == {"a": "b"}


def test_a_package_finds_its_own_modules(plug_ins: PlugIns, folder: Path) -> None:
    put(folder / "mine/__init__.py", "from .inner import answer\ndef mine(): return answer\n")
    put(folder / "mine/inner.py", "answer = 42\n")
    assert plug_ins.call("user service", "mine") == 42


@pytest.mark.parametrize(
    "name",
    [
        *("os", "subprocess", "lagan.hub.doors.node.files.removing", "antigravity", "nothing"),
        *("../mine", "..mine", "/etc/passwd", "a/b", "mine.py", "mine\0", "", ".", "x" * 5000),
        *("ngamsPlugIns.", "ngamsPlugIns.os", "mine\n", "größe", "a b", "__main__"),
    ],
)
def test_nothing_else_is_ever_imported(plug_ins: PlugIns, folder: Path, name: str) -> None:
    put(folder.parent / "mine.py", "raise SystemExit('it ran')\n")
    with pytest.raises(Failed) as refused:
        plug_ins.find("subscription filter", name)
    assert refused.value.sentence == f"No module named {name}"


def test_a_file_without_the_function_is_never_run(plug_ins: PlugIns, folder: Path) -> None:
    put(folder / "script.py", f"open({str(folder / 'ran')!r}, 'w')\nif 1:\n  def script(): pass\n")
    with pytest.raises(Failed, match="No module named script"):
        plug_ins.find("subscription filter", "script")
    assert not (folder / "ran").exists()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("import nothing_of_this_name\ndef mine(): 1\n", "cannot be loaded: ModuleNotFoundError"),
        ("raise SystemExit\ndef mine(): 1\n", "cannot be loaded: SystemExit"),
        ("def mine(:\n", "cannot be read: SyntaxError"),
        ("def mine(): return 1/0\n", "failed: ZeroDivisionError: division by zero"),
        ("def mine(): raise SystemExit(3)\n", "failed: SystemExit: 3"),
    ],
)
def test_what_goes_wrong_in_a_plug_in_is_said(
    plug_ins: PlugIns, folder: Path, text: str, said: str
) -> None:
    put(folder / "mine.py", text)
    with pytest.raises(Failed, match=said):
        plug_ins.call("label", "mine")


def test_a_file_is_run_once_until_it_is_forgotten(plug_ins: PlugIns, folder: Path) -> None:
    put(folder / "mine.py", "def mine(): return 1\n")
    assert plug_ins.call("label", "mine") == 1
    put(folder / "mine.py", "def mine(): return 2000\n")
    assert plug_ins.call("label", "mine") == 1
    plug_ins.forget("label", "mine")
    assert plug_ins.call("label", "mine") == 2000


def test_names_of_deployed_configurations_are_built_in(plug_ins: PlugIns, folder: Path) -> None:
    put(folder / "ngamsDiskSyncPlugIn.py", "def ngamsDiskSyncPlugIn(server): return 'ran'\n")
    assert plug_ins.call("disk sync", "ngamsPlugIns.ngamsDiskSyncPlugIn", None) is None
    assert plug_ins.call("online", "ngamsGenericOnlinePlugIn", None, None) is None


def test_modules_of_commands_are_listed(plug_ins: PlugIns, folder: Path) -> None:
    put(folder / "ngamsCmd_HELLO.py", "def handleCmd(a, b, c): 1\n")
    put(folder / "ngamsPlugIns/ngamsCmd_YOU.py", "def handleCmd(a, b, c): 1\n")
    put(folder / "other.py", "")
    assert sorted(plug_ins.commands()) == [("HELLO", "ngamsCmd_HELLO"), ("YOU", "ngamsCmd_YOU")]
