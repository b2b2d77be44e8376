"""What uploaders tell of themselves, and which settings win."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.hub.instruments.laboratory import Laboratory

SECRET = "0123456789abcdef0123456789abcdef01234567"


def test_a_record_is_made_changed_and_found_by_its_identifier(lab: Laboratory):
    from tests.hub.instruments.laboratory import UUID

    assert lab.role.get("mydata_uploader/", uuid=UUID) is None
    number = lab.uploader()
    found = lab.role.get("mydata_uploader/", uuid=UUID)
    assert found == {
        "id": number, "name": "Scope", "resource_uri": f"/api/v1/mydata_uploader/{number}/",
        "settings": [], "settings_updated": None, "settings_downloaded": None,
    }  # fmt: skip
    changed = lab.role.ask("PUT", f"mydata_uploader/{number}/", json={"uuid": UUID, "name": "New"})
    assert (changed.status_code, changed.json()["name"]) == (200, "New")
    other = lab.role.ask("PUT", f"mydata_uploader/{number}/", json={"uuid": "x" * 36})
    assert other.status_code == 401
    assert lab.mate.get("mydata_uploader/", uuid=UUID)["id"] == number
    for who in (lab.stranger, lab.owner, lab.nobody):
        assert who.get("mydata_uploader/", uuid=UUID) is None
        refused = who.ask("PUT", f"mydata_uploader/{number}/", json={"uuid": UUID})
        assert refused.status_code in (401, 404)
        assert who.post("mydata_uploader/", uuid=UUID, name="Mine").status_code == 401


def test_settings_of_the_hub_win_until_somebody_saves_at_the_instrument(lab: Laboratory):
    from lagan.hub.instruments import services
    from lagan.hub.instruments.models import Setting
    from tests.hub.instruments.laboratory import UUID

    number = lab.uploader()
    pairs = [
        {"key": "api_key", "value": SECRET}, {"key": "schedule_type", "value": "Timer"},
        {"key": "locked", "value": "False"},
    ]  # fmt: skip
    saved = lab.role.ask(
        "PATCH", f"mydata_uploader/{number}/", json={"uuid": UUID, "settings": pairs}
    )
    assert saved.status_code == 202
    assert SECRET not in saved.text
    assert not Setting.objects.filter(value=SECRET).exists()
    found = lab.role.get("mydata_uploader/", uuid=UUID)
    assert [(each["key"], each["value"]) for each in found["settings"]] == [
        ("locked", "False"), ("schedule_type", "Timer"),
    ]  # fmt: skip
    assert found["settings_updated"] is None

    services.change_settings(
        by=lab.mate.actor, uploader_id=number, pairs=[("schedule_type", "Daily")]
    )
    found = lab.role.get("mydata_uploader/", uuid=UUID)
    told = datetime.fromisoformat(found["settings_updated"])
    # Later than the clock of any zone shows, and without a zone itself.
    assert told.tzinfo is None
    assert told > datetime.now()  # noqa: DTZ005 - as programs compare it
    lab.role.ask("PATCH", f"mydata_uploader/{number}/", json={"uuid": UUID, "settings": []})
    assert lab.role.get("mydata_uploader/", uuid=UUID)["settings_updated"] is None


def test_a_wish_is_found_by_identifier_and_fingerprint(lab: Laboratory):
    from tests.hub.instruments.laboratory import FINGERPRINT, KEY, UUID

    sought = {"uploader__uuid": UUID, "requester_key_fingerprint": FINGERPRINT}
    lab.uploader()
    assert lab.role.get("mydata_uploaderregistrationrequest/", **sought) is None
    lab.approved()
    found = lab.role.get("mydata_uploaderregistrationrequest/", **sought)
    assert (found["approved"], found["requester_public_key"]) == (True, KEY)
    box = found["approved_storage_box"]
    attributes = {each["key"]: each["value"] for each in box["attributes"]}
    assert {*attributes} >= {"scp_username", "scp_hostname", "scp_port"}
    assert attributes["scp_port"] == "22"
    (option,) = box["options"]
    assert option["key"] == "location"
    assert option["value"].startswith(str(lab.root / "staging"))
    assert lab.stranger.get("mydata_uploaderregistrationrequest/", **sought) is None


def test_only_keys_are_asked_for(lab: Laboratory):
    uploader = lab.uploader()
    for key in ("", "ssh-rsa", "ssh-rsa AAAA", 'no-pty,command="sh" ssh-ed25519 AAAA', "ssh-dss x"):
        answer = lab.role.post(
            "mydata_uploaderregistrationrequest/", uploader=f"/api/v1/mydata_uploader/{uploader}/",
            requester_public_key=key, requester_key_fingerprint="f",
        )  # fmt: skip
        assert answer.status_code == 400
