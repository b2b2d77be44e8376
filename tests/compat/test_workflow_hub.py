"""Every request that the workflow hub's documentation prints, sent by curl as it is printed to a
running hub: only address, names and secrets are changed. And a script as its users have them.

Source: seeds/workflow-hub.txt, "API" and "Custom Workflows".
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.services.hub import LAGAN, PASSWORD, Hub, until

GET_TOKEN = """curl -s -X POST 'http://localhost:8000/api/auth/token/' -H 'Accept: \
application/json' -H 'Content-Type: application/json' -d '{"username": "dfoster", "password": \
"*****"}'"""
REFRESH = """curl -s -X POST 'http://localhost:8000/api/auth/token/refresh/' -H 'Accept: \
application/json' -H 'Content-Type: application/json' -d '{"refresh": "<refresh_token>"}' | jq -r"""
JOBS = """curl -s -X GET 'http://localhost:8000/api/jobs/' -H 'Accept: application/json' -H \
'Content-Type: application/json' -H "Authorization: Bearer $JWT_ACCESS_TOKEN" | jq"""
EXPORT = (
    "export JWT_TOKEN=$("
    + GET_TOKEN
    + """ | jq -r .access)
echo $JWT_TOKEN"""
)
MAKE_KEY = """curl -s -X POST 'http://localhost:8000/api/auth/clientkeys/' -H 'Accept: \
application/json' -H 'Content-Type: application/json' -H "Authorization: Bearer $JWT_TOKEN" -d \
'{"name": "my_automation_key"}' | jq '.'"""
JOBS_BY_KEY = """export API_KEY=YOUR_API_KEY

curl -s -X GET 'http://localhost:8000/api/jobs/' -H 'Accept: application/json' -H 'Content-Type: \
application/json' -H "Authorization: Api-Key $API_KEY" | jq"""
MIGRATE = """curl -s -X POST 'http://example.com/api/file/workflow/' -H 'Accept: application/json' \
-H 'Content-Type: application/json' -H "Authorization: Api-Key $TOKEN" -d '{"paths": \
["/mmfs1/data/sample_data.tgz"], "site": "dfoster1", "workflow": "migrate", "discovery": null}'"""

NO_JOBS: dict[str, Any] = {
    "count": 0,
    "next": None,
    "previous": None,
    "results": [],
    "stats": {
        "type": {"migrate": 0, "premigrate": 0, "recall": 0},
        "state": {"SUCCESS": 0, "FAILURE": 0, "STARTED": 0, "PENDING": 0, "ERROR": 0},
        "created": {},
        "site": {},
    },
}
STEPS_1 = [{"name": "dynamo.tasks.migrate"}, {"name": "dynamo.tasks.recall", "site": "london"}]
FIELDS_3 = [
    {"name": "target_site", "label": "Site to migrate to", "type": "enum[site]"},
    {"name": "delete", "label": "Delete from source", "type": "bool"},
]
STEPS_4 = [
    {"name": "dynamo.tasks.migrate"},
    {"name": "dynamo.tasks.recall", "site": "&target_site"},
]
SCRIPT = Path(__file__).with_name("workflow_hub.sh")


@dataclass
class Shell:
    """Somebody at a prompt, who has a hub and a name on it."""

    hub: Hub
    username: str

    def run(self, command: str, **variables: str) -> str:
        """What the printed command prints, with this hub's address and this user's name."""
        text = command.replace("http://localhost:8000", self.hub.url)
        text = text.replace("http://example.com", self.hub.url)
        text = text.replace('dfoster"', f'{self.username}"').replace("*****", PASSWORD)
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", text],
            env={**os.environ, **variables},
            capture_output=True,
            text=True,
            check=True,
            timeout=150,
        )
        return done.stdout

    def json(self, command: str, **variables: str) -> Any:
        return json.loads(self.run(command, **variables))


@pytest.fixture(scope="module")
def town(hub: Hub) -> Hub:
    """A hub with the sites of the printed requests."""
    with hub.administrator() as client:
        known = {each["name"] for each in client.get("/api/sites/").json()["results"]}
        for name in {"dfoster1", "london"} - known:
            assert client.post("/api/sites/", json={"name": name}).status_code == 201
    return hub


@pytest.fixture
def fresh(town: Hub) -> Shell:
    """Somebody without any job."""
    return Shell(town, town.add_user("dfoster"))


@pytest.fixture
def admin(town: Hub) -> Shell:
    """Somebody who may run workflows."""
    return Shell(town, town.add_user("pixadmin", admin=True))


def require_no_jobs(answer: Any) -> None:
    """What is printed of a hub without jobs; there may be more workflows and states, none with a
    job."""
    stats = answer["stats"]
    for name in ("type", "state"):
        assert set(stats[name]) >= set(NO_JOBS["stats"][name])
        assert not any(stats[name].values())
    printed = {each: dict.fromkeys(known, 0) for each, known in NO_JOBS["stats"].items()}
    assert {**answer, "stats": printed} == NO_JOBS
    assert (stats["created"], stats["site"]) == ({}, {})
    for name in ("type", "state"):
        order = list(NO_JOBS["stats"][name])
        assert list(stats[name])[: len(order)] == order


def test_tokens_are_had_used_and_refreshed(fresh: Shell) -> None:
    pair = fresh.json(GET_TOKEN)
    assert set(pair) == {"access", "refresh"}
    require_no_jobs(fresh.json(JOBS, JWT_ACCESS_TOKEN=pair["access"]))
    new = fresh.json(REFRESH.replace("<refresh_token>", pair["refresh"]))
    assert set(new) == {"access"}
    require_no_jobs(fresh.json(JOBS, JWT_ACCESS_TOKEN=new["access"]))
    older = fresh.json(
        REFRESH.replace("/auth/token/", "/token/").replace("<refresh_token>", pair["refresh"])
    )
    assert set(older) == {"access"}


def test_a_key_is_made_and_used(fresh: Shell) -> None:
    token = fresh.run(EXPORT).strip()
    made = fresh.json(MAKE_KEY, JWT_TOKEN=token)
    assert made == {
        "url": f"{fresh.hub.url}/api/auth/clientkeys/{made['id']}/",
        "id": made["id"],
        "name": "my_automation_key",
        "api_key": made["api_key"],
    }
    require_no_jobs(fresh.json(JOBS_BY_KEY.replace("YOUR_API_KEY", made["api_key"])))


def test_an_expired_token_is_refused(fresh: Shell) -> None:
    status = JOBS.removesuffix(" | jq").replace("curl -s", "curl -s -o /dev/null -w %{http_code}")
    assert fresh.run(status, JWT_ACCESS_TOKEN="x.y.z") == "401"


def test_a_file_is_migrated(admin: Shell) -> None:
    key = admin.hub.key(admin.username)
    started = admin.json(MIGRATE, TOKEN=key)
    job = started.pop("job")
    assert started == {
        "paths": ["/mmfs1/data/sample_data.tgz"],
        "site": "dfoster1",
        "workflow": "migrate",
        "discovery": None,
        "fields": {},
    }
    with admin.hub.as_user(admin.username) as client:
        shown = client.get(f"/api/jobs/{job}/").json()
        assert (shown["jobtype"], shown["owner"], shown["discovery"]) == (
            "migrate",
            admin.username,
            None,
        )
        stats = client.get("/api/jobs/", params={"owner": admin.username}).json()["stats"]
        assert stats["type"]["migrate"] >= 1
        client.post(f"/api/jobs/{job}/cancel/")


@pytest.mark.parametrize(
    ("name", "steps", "fields"),
    [("example-1", STEPS_1, []), ("example-4", STEPS_4, FIELDS_3)],
)
def test_the_printed_workflows_are_taken(
    admin: Shell, name: str, steps: list[Any], fields: list[Any]
) -> None:
    wanted = {"name": name, "label": f"The {name}", "icon": "<i class='fa fa-send'></i>"}
    with admin.hub.as_user(admin.username) as client:
        body = {**wanted, "steps": steps, "fields": fields}
        made = client.post("/api/workflows/", json=body)
        assert made.status_code == 201, made.text
        number = made.json()["id"]
        assert made.json() == {"id": number, **body}
        run = {"paths": ["/mmfs1/data/x"], "site": "dfoster1", "workflow": name}
        filled = {"target_site": "london", "delete": True} if fields else {}
        started = client.post("/api/file/workflow/", json={**run, "fields": filled})
        assert (started.status_code, started.json()["discovery"]) == (201, "recursive")
        assert started.json()["fields"] == filled
        client.post(f"/api/jobs/{started.json()['job']}/cancel/")
        assert client.delete(f"/api/workflows/{number}/").status_code == 204


def test_a_script_of_the_workflow_hubs_users_runs(admin: Shell) -> None:
    done = subprocess.run(
        [str(SCRIPT)],
        env={
            **os.environ,
            "HUB": admin.hub.url,
            "USERNAME": admin.username,
            "PASSWORD": PASSWORD,
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr
    _, job = done.stdout.split()
    with admin.hub.as_user(admin.username) as client:
        shown = client.get(f"/api/jobs/{job}/").json()
        assert (shown["jobtype"], shown["site"], shown["numfiles"]) == (
            "migrate_to",
            "source-site",
            1,
        )
        rows = client.get("/api/workflows/", params={"page_size": 0}).json()["results"]
        assert {each["name"]: each["label"] for each in rows}["migrate_to"] == (
            "Migrate to another site"
        )
        client.post(f"/api/jobs/{job}/cancel/")


@pytest.fixture
def scans(town: Hub, tmp_path: Path) -> Iterator[Path]:
    """A folder of the site `dfoster1`, which a worker of its own serves."""
    (tmp_path / "caf\udce9\n.txt").write_bytes(b"123")
    command = [str(LAGAN), "worker", "--site", "dfoster1", "--root", str(tmp_path)]
    environment = {**town.environment, "LAGAN_DATA": str(town.data)}
    environment.pop("DJANGO_SETTINGS_MODULE", None)  # the tests' own
    with (tmp_path.parent / "worker.log").open("w") as log:
        worker = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    try:
        with town.administrator() as client:
            until(lambda: _online(client, "dfoster1"))
        yield tmp_path
    finally:
        worker.terminate()
        worker.wait(60)


def test_a_folder_is_told_by_its_site_in_front_of_django(admin: Shell, scans: Path) -> None:
    with admin.hub.as_user(admin.username) as client:
        where = {"site": "dfoster1", "path": str(scans), "details": "true"}
        told = client.get("/api/file/", params=where)
        assert told.status_code == 200, told.text
        (child,) = told.json()["children"]
        assert (child["name"], child["size"], child["type"]) == ("caf\udce9\n.txt", 3, "file")
        address = f"/api/file/?site=dfoster1&path={scans}/caf%E9%0A.txt"
        assert "not a folder" in client.get(address).json()["detail"]
        assert client.get("/api/file/", params={**where, "path": "/etc"}).status_code == 400
        odd = client.get("/api/file/", params={"path": "/etc"})
        assert (odd.status_code, odd.json()["site"]) == (400, ["Field required"])
    refused = httpx.get(f"{admin.hub.url}/api/file/", params=where, timeout=60)
    assert refused.status_code == 401
    assert refused.headers["www-authenticate"].startswith("Bearer")


def _online(client: httpx.Client, site: str) -> bool:
    rows = client.get("/api/sites/").json()["results"]
    return any(each["online"] for each in rows if each["name"] == site)
