"""Uploaders over REST: who manages sees and changes them, who decides lets keys in, others see
nothing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from django.test import Client

if TYPE_CHECKING:
    from tests.hub.instruments.laboratory import Laboratory, Program


def ask(program: Program, method: str, path: str, body: Any = None) -> Any:
    """A request with the program's key, as our own programs send it."""
    key = program.header.partition(":")[2]
    return Client().generic(
        method, f"/api/instruments/{path}", json.dumps(body) if body is not None else "",
        content_type="application/json", headers={"Authorization": f"Api-Key {key}"},
    )  # fmt: skip


def test_what_an_agent_does(lab: Laboratory):
    facts = {"user_agent_name": "lagan", "user_agent_version": "1", "api_key": "secret"}
    body = {"uuid": "agent-0001", "name": "Scope", "instrument": lab.instrument(), "facts": facts}
    made = ask(lab.role, "POST", "uploaders/", body).json()
    assert (made["program"], "secret" in json.dumps(made)) == ("lagan 1", False)
    again = ask(lab.role, "POST", "uploaders/", body).json()
    assert again["id"] == made["id"]
    path = f"uploaders/{made['id']}/"
    saved = {"settings": {"max_upload_threads": "5", "api_key": "secret"}, "saved": True}
    kept = ask(lab.role, "PATCH", f"{path}settings/", saved).json()
    assert kept == {"changed": None, "settings": {"max_upload_threads": "5"}}
    changed = ask(lab.mate, "PATCH", f"{path}settings/", {"settings": {"max_upload_threads": "2"}})
    assert changed.json()["changed"] is not None
    assert ask(lab.role, "GET", f"{path}settings/").json() == changed.json()
    report = {"found": 9, "sent": 7, "failed": 2, "problems": [["a/b", "It grew"], ["c", "Gone"]]}
    assert ask(lab.role, "POST", f"{path}report/", report).status_code == 204
    whole = ask(lab.mate, "GET", path).json()
    assert (whole["found"], whole["sent"], whole["failed"]) == (9, 7, 2)
    assert whole["problems"] == report["problems"]
    (state,) = ask(lab.mate, "GET", "").json()
    assert (state["name"], state["failed"], state["seen"] is not None) == ("Scope", 2, True)


def test_who_sees_and_who_decides(lab: Laboratory):
    from tests.hub.instruments.laboratory import KEY

    uploader = lab.uploader()
    path, wish = f"uploaders/{uploader}/", {"public_key": KEY, "fingerprint": "f"}
    asked = ask(lab.role, "POST", f"{path}registrations/", wish)
    assert asked.status_code == 201
    number = asked.json()["id"]
    for who in (lab.owner, lab.stranger):
        for method, where, body in (
            ("GET", path, None), ("GET", f"{path}settings/", None),
            ("PATCH", f"{path}settings/", {"settings": {}}),
            ("POST", f"{path}report/", {"found": 0, "sent": 0, "failed": 0}),
            ("POST", f"{path}registrations/", wish),
            ("POST", f"registrations/{number}/approve/", {}),
        ):  # fmt: skip
            assert ask(who, method, where, body).status_code == 404, where
        assert ask(who, "GET", "uploaders/").json()["results"] == []
        assert ask(who, "GET", "registrations/").json()["results"] == []
        assert all(each["id"] != lab.facility for each in ask(who, "GET", "facilities/").json())
    for who in (lab.role, lab.mate):
        (shown,) = ask(who, "GET", "registrations/?state=waiting").json()["results"]
        assert shown["id"] == number
        for act in ("approve", "refuse", "revoke"):
            assert ask(who, "POST", f"registrations/{number}/{act}/", {}).status_code == 403


def test_what_waits_is_told_with_its_reason(lab: Laboratory):
    uploader, dataset = lab.approved(), lab.dataset()
    file, _ = lab.announce(dataset, "a.bin", b"abc")
    lab.role.ask("GET", f"dataset_file/{file}/verify/")
    (waiting,) = ask(lab.mate, "GET", f"uploaders/{uploader}/").json()["waiting"]
    assert (waiting["path"], waiting["reason"]) == ("a.bin", "Nothing of it has arrived.")
    (state,) = ask(lab.mate, "GET", f"?facility={lab.facility}").json()
    assert (state["waiting"], state["datasets"], state["files"]) == (1, 1, 0)


def test_a_person_who_is_forgotten_is_named_nowhere(lab: Laboratory):
    from lagan.hub.instruments import personal

    lab.approved()
    lab.experiment()
    role, owner = lab.role.actor.entity, lab.owner.actor.entity
    assert role is not None
    assert owner is not None
    (record,) = personal.uploaders(role)
    assert (record["contact_name"], record["registrations"][0]["requester_name"]) == ("Jan", "Jan")
    assert [each["user_folder"] for each in personal.experiments(owner)] == ["owner"]
    personal.forget_uploaders(role)
    personal.forget_experiments(owner)
    (record,) = personal.uploaders(role)
    assert "Jan" not in json.dumps(record)
    assert list(personal.experiments(owner)) == []
