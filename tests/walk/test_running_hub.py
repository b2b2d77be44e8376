"""The same research group at a running hub, made and used by the command and the API alone."""

from __future__ import annotations

import json
import subprocess
from typing import Any

from tests.services.hub import Hub

GROUP = "/NTNU/NV/IFY/Research Groups/NTNU-NV-IFY Nortem"


def test_a_research_group_is_made_filled_and_used_from_the_command_line(hub: Hub) -> None:
    people = {who: hub.add_user(f"nortem-{who}") for who in ("adm", "member", "guest", "stranger")}
    keys = {who: hub.key(username) for who, username in people.items()}
    keys["boss"] = hub.key(hub.add_user("root-administrator", admin=True))

    def lagan(who: str, *words: str, code: int = 0) -> list[dict[str, Any]]:
        done: subprocess.CompletedProcess[str] = hub.lagan(
            *words, "--json", LAGAN_URL=hub.url, LAGAN_API_KEY=keys[who]
        )
        assert done.returncode == code, (words, done.stdout, done.stderr)
        return [json.loads(line) for line in done.stdout.splitlines()]

    here = "/"
    for name in ("NTNU", "NV", "IFY"):
        lagan("boss", "entity", "create", "GROUP", name, here)
        here = f"{here.rstrip('/')}/{name}"
    (made,) = lagan("boss", "permission", "make-group", here, "Nortem")
    assert made["group"]["path"].endswith(GROUP)
    for who in ("adm", "member", "guest"):
        role = str(made["roles"][f"_{who}"]["id"])
        (me,) = [each for each in lagan(who, "permission", "roles") if not each["steps"]]
        added = lagan("boss", "permission", "members", role, "--add", str(me["entity"]["id"]))
        assert [each["name"] for each in added] == [people[who]]

    group = str(made["group"]["id"])
    (scan,) = lagan("guest", "dataset", "create", "scan", "--group", group)
    place = str(scan["id"])
    lagan("stranger", "dataset", "create", "mine", "--group", group, code=5)
    reads = {who: [each["id"] for each in lagan(who, "dataset", "list")] for who in people}
    assert all((scan["id"] in reads[who]) == (who != "stranger") for who in people)

    (told,) = lagan("member", "permission", "why", place, "DATASET_READ")
    assert told["granting"][0]["role"]["path"].endswith("/roles/NTNU-NV-IFY Nortem_member")
    holders = lagan("adm", "permission", "who", place, "DATASET_CHANGE")
    names = {each["entity"]["name"] for each in holders}
    assert {people["adm"], people["guest"]} <= names
    assert not {people["member"], people["stranger"]} & names

    member = str(made["roles"]["_member"]["id"])
    lagan("member", "permission", "set", place, member, "--grant", "DATASET_CHANGE", code=4)
    lagan("guest", "permission", "set", place, member, "--grant", "DATASET_CHANGE")
    shown = lagan("guest", "permission", "show", place, "--subject", member)
    (change,) = [each for each in shown if each["permission"] == "DATASET_CHANGE"]
    assert (change["grant"], change["inherited"], change["effective"]) == (True, False, True)
    lagan("member", "dataset", "close", place, code=4)
    lagan("guest", "dataset", "close", place)
    lagan("stranger", "permission", "why", place, "DATASET_READ", code=5)
