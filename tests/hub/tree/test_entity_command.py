"""`lagan entity` on a running hub: paths of names stand wherever an id does."""

from __future__ import annotations

import json
import secrets
from typing import Any

from click.testing import CliRunner

from lagan.cli import main
from tests.services.hub import Hub


def test_from_creating_to_removing(hub: Hub) -> None:
    hub.administrator().close()
    given = {"LAGAN_URL": hub.url, "LAGAN_API_KEY": hub.key("root-administrator")}
    name = f"NTNU-{secrets.token_hex(3)}"

    def run(*arguments: str) -> Any:
        return CliRunner(env=given).invoke(main, ["entity", *arguments])

    def done(*arguments: str) -> str:
        said = run(*arguments)
        assert said.exit_code == 0, said.output
        return str(said.output)

    made = json.loads(done("create", "group", name, "/", "--json"))
    assert made["path"] == f"/root/{name}"
    done("create", "GROUP", "NV", f"/{name}")
    done("create", "GROUP", "IFY", f"/{name}/NV")
    done("create", "COMPUTER", "pc", str(made["id"]), "--metadata", ".Room=B4-112")
    assert "COMPUTER" in done("list", f"/{name}")
    assert "COMPUTER" not in done("list", f"/{name}", "--type", "group")
    assert f"/root/{name}/NV/IFY" in done("find", "ify*", "--type", "GROUP")
    assert "  NV\t" in done("tree", f"/{name}")
    assert "IFY" not in done("tree", f"/{name}", "--depth", "1")
    done("move", f"/{name}/pc", f"/{name}/NV/IFY", "--dry-run")
    done("move", f"/{name}/pc", f"/{name}/NV/IFY")
    done("rename", f"/{name}/NV/IFY/pc", "TEM")
    shown = json.loads(done("show", f"/{name}/NV/IFY", "--json"))
    assert shown["counts"] == {"COMPUTER": 1}
    full = run("remove", f"/{name}/NV/IFY", "--yes")
    assert full.exit_code == 6
    assert "holds 1 COMPUTER" in full.output
    for each in ("NV/IFY/TEM", "NV/IFY", "NV"):
        done("remove", f"/{name}/{each}", "--yes")
    assert done("list", f"/{name}") == ""
    assert run("show", f"/{name}/NV").exit_code == 5
    assert run("show", "nobody of this name").exit_code == 5
    done("remove", f"/{name}", "--yes")
