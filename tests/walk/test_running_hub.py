"""The same research group at a running hub: made, asked about and used through API and command."""

from __future__ import annotations

import json
from typing import Any

import httpx

from tests.services.hub import PASSWORD, Hub

NAME = "NTNU-NV-IFY Nortem"
ROLES = ("adm", "member", "guest")


def test_a_research_group_is_made_filled_and_used_at_a_running_hub(hub: Hub) -> None:
    boss = hub.administrator()
    people = {who: _person(hub, boss, f"nortem-{who}") for who in (*ROLES, "stranger")}
    keys = {who: hub.key(f"nortem-{who}") for who in ("member", "guest")}
    keys["boss"] = hub.key("root-administrator")

    def lagan(who: str, *words: str) -> list[dict[str, Any]]:
        environment = {"LAGAN_URL": hub.url, "LAGAN_API_KEY": keys[who]}
        done = hub.lagan(*words, "--json", **environment)
        assert done.returncode == 0, (words, done.stdout, done.stderr)
        return [json.loads(line) for line in done.stdout.splitlines()]

    here = "/"
    for name in ("NTNU", "NV", "IFY"):
        body = {"type": "GROUP", "name": name, "parent": here}
        assert boss.post("/api/entities/", json=body).status_code == 201
        here = f"{here.rstrip('/')}/{name}"
    (made,) = lagan("boss", "permission", "make-group", here, "Nortem")
    group = made["group"]["id"]
    assert made["group"]["path"].endswith(f"/NTNU/NV/IFY/Research Groups/{NAME}")
    for who in ROLES:
        entity = people[who].get("/api/auth/me/").json()["entity"]
        role = made["roles"][f"_{who}"]["id"]
        added = boss.post(f"/api/entities/{role}/members/", json={"member": entity})
        assert added.status_code == 204

    (scan,) = lagan("guest", "dataset", "create", "scan", "--group", str(group))
    place = str(scan["id"])
    body = {"name": "mine", "group": group}
    assert people["stranger"].post("/api/datasets/", json=body).status_code == 404
    for who, client in people.items():
        found = client.get(f"/api/datasets/{place}/").status_code
        assert found == (404 if who == "stranger" else 200), who

    (told,) = lagan("member", "permission", "why", place, "DATASET_READ")
    assert told["granting"][0]["role"]["path"].endswith(f"/roles/{NAME}_member")
    holders = lagan("guest", "permission", "who", place, "DATASET_CHANGE")
    names = {each["entity"]["name"] for each in holders}
    assert {"nortem-adm", "nortem-guest"} <= names
    assert not {"nortem-member", "nortem-stranger"} & names

    role = str(made["roles"]["_member"]["id"])
    marks = {"subject": int(role), "grant": ["DATASET_CHANGE"]}
    assert people["member"].put(f"/api/entities/{place}/grants/", json=marks).status_code == 403
    lagan("guest", "permission", "set", place, role, "--grant", "DATASET_CHANGE")
    assert "DATASET_CHANGE" in people["member"].get(f"/api/entities/{place}/permissions/").json()
    for who, expected in (("stranger", 404), ("member", 403), ("guest", 200)):
        assert people[who].post(f"/api/datasets/{place}/close/").status_code == expected
    for client in (boss, *people.values()):
        client.close()


def _person(hub: Hub, boss: httpx.Client, username: str) -> httpx.Client:
    """Somebody new who has signed in."""
    made = boss.post("/api/users/", json={"username": username, "password": PASSWORD})
    assert made.status_code == 201, made.text
    return hub.as_user(username)
