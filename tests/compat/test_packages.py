"""Every request that the preservation service's documentation prints, sent by curl as it is printed
to a running hub: only address, token, the zip's place and the package's number are changed.

Source: seeds/preservation-packages.txt, functions of the API.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from tests.hub.packages.bags import bag_zip
from tests.services.hub import Hub, until

GROUP = "urn:geant:cesnet.cz:group:VO_ltp_pilot_catchall:ltp_test_group"
HEADERS = """--header "Authorization: Token ${LTP_TOKEN}" \\
  --header 'cache-control: no-cache' """
FORM = f"""\\
  --form group='{GROUP}' """


def get(path: str, after: str = "") -> str:
    """A GET as all of them are printed."""
    return f"""curl --request GET \\
  --url https://ltp.cesnet.cz{path} \\
  {HEADERS}{after}"""


ACCOUNT = get("/api/auth/account/", "| jq")
TOKEN = get("/api/auth/token/", "| jq")
LOGOUT = get("/api/auth/logout/", "| jq")
UPLOAD = f"""curl --request POST \\
  --url https://ltp.cesnet.cz/upload/ \\
  {HEADERS}\\
  --header 'content-type: multipart/form-data' \\
  --form name=bag-balicek \\
  --form content=@/home/user/my_archive_package.zip \\
  --form 'user_metadata={{"author": "milan", "title": "ltp_data1"}}' \\
  --form group='{GROUP}' | jq"""
DETAIL = get("/api/v1/archive/160/", FORM + "| jq")
UPDATE = f"""curl --request PUT \\
  --url https://ltp.cesnet.cz/api/v1/archive/160/ \\
  {HEADERS}\\
  --header 'content-type: multipart/form-data' \\
  --form name=bag-name-update \\
  --form group='{GROUP}' | jq"""
ASK = get("/api/v1/archive/160/download/", FORM)
FETCH = f"""curl --request GET \\
  --output downloaded_package.zip \\
  --url https://ltp.cesnet.cz/api/v1/archive/160/download/ \\
  {HEADERS}{FORM}"""
LIST = get("/api/v1/archive/", FORM + "| jq")
AUDITS = get(f"/api/v1/audit/?group={GROUP}'", "| jq").replace("--url https", "--url 'https")
AUDITS_OF_ONE = AUDITS.replace("/audit/?", "/audit/archive/160/?")
SEARCH = get("/api/v1/archive/search/?user_metadata=milan'", FORM + "| jq").replace(
    "--url https", "--url 'https"
)
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}")


@dataclass
class Shell:
    """Somebody at a prompt in a folder, with a token in `LTP_TOKEN`."""

    hub: Hub
    token: str
    folder: Path

    def run(self, command: str, package: int = 160) -> str:
        """What the printed command prints."""
        text = command.replace("https://ltp.cesnet.cz", self.hub.url)
        text = text.replace("/home/user/", f"{self.folder}/").replace("/160/", f"/{package}/")
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", text],
            env={**os.environ, "LTP_TOKEN": self.token},
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=True,
            timeout=150,
        )
        return done.stdout

    def json(self, command: str, package: int = 160) -> Any:
        return json.loads(self.run(command, package))

    def status(self, package: int, wanted: str) -> Any:
        """The package's detail as soon as it has this status (asked again and again, as the
        documentation recommends)."""

        def there() -> Any:
            shown = self.json(DETAIL, package)
            assert shown["status"] not in {"4", "5", "8"}, shown
            return shown if shown["status"] == wanted else None

        return until(there)

    def upload(self, data: bytes) -> Any:
        (self.folder / "my_archive_package.zip").write_bytes(data)
        return self.json(UPLOAD)


@pytest.fixture(scope="module")
def members(hub: Hub) -> dict[str, str]:
    """A group as it is called there, with two members; a stranger. Their day tokens, got with
    another credential."""
    rights = ["GROUP_READ", "DATASET_CREATE", "DATASET_READ", "DATASET_LIST", "DATASET_CHANGE"]
    rights += ["DATASET_LOG_READ", "DATASET_METADATA_READ"]
    with hub.administrator() as client:
        root = client.get("/api/entities/", params={"type": "GROUP", "text": "root"}).json()
        top = next(each for each in root["results"] if each["id"] == each["parent"])
        body = {"type": "GROUP", "name": GROUP, "parent": top["id"]}
        group = client.post("/api/entities/", json=body).json()["id"]
        tokens = {}
        for name in ("jan", "hana", "zdenek"):
            hub.add_user(name, name=f"{name.title()} Student")
            with hub.as_user(name) as own:
                entity = own.get("/api/auth/me/").json()["entity"]
                tokens[name] = own.get("/api/auth/token/").json()["token"]
            if name != "zdenek":
                client.put(
                    f"/api/entities/{group}/grants/", json={"subject": entity, "grant": rights}
                ).raise_for_status()
    return tokens


@pytest.fixture
def jan(hub: Hub, members: dict[str, str], tmp_path: Path) -> Shell:
    return Shell(hub, members["jan"], tmp_path)


def test_the_account_tells_the_groups_and_the_token(jan: Shell):
    assert re.fullmatch("[0-9a-f]{40}", jan.token)
    assert jan.json(ACCOUNT) == {
        "username": "jan",
        "email": "",
        "first_name": "Jan",
        "last_name": "Student",
        "groups": [{"name": GROUP, "permissions": [], "is_group_admin": False}],
        "token": jan.token,
    }
    assert jan.json(TOKEN) == {"token": jan.token}


def test_logout_ends_the_token_at_once(jan: Shell):
    with jan.hub.as_user("jan") as own:
        jan.token = own.get("/api/auth/token/").json()["token"]
    assert jan.json(LOGOUT) == "Logout was successful."
    assert jan.json(TOKEN) == {"detail": "Invalid token."}


def test_a_package_from_its_upload_to_its_download(jan: Shell):
    data = bag_zip()
    made = jan.upload(data)
    number, digest, url = made["id"], sha256(data).hexdigest(), jan.hub.url
    assert MOMENT.fullmatch(made["created_at"])
    assert made == {
        "id": number,
        "name": "bag-balicek",
        "created_by": made["created_by"],
        "created_at": made["created_at"],
        "content": f"{url}/api/v1/archive/{digest}",
        "checksum": digest,
        "version": 1,
        "system_metadata": {"original_filename": "my_archive_package.zip", "extension": "zip"},
        "user_metadata": {"author": "milan", "title": "ltp_data1"},
        "next_version": None,
        "previous_metadata": {},
        "status": "1",
    }
    kept = jan.status(number, "3")
    assert kept == {
        **made,
        "content": f"{url}/api/v1/archive/{number}/{digest}",
        "system_metadata": {**made["system_metadata"], "size": len(data), "sha256": digest},
        "status": "3",
    }
    assert list(kept) == list(made)

    renamed = jan.json(UPDATE, number)
    assert renamed == {**kept, "name": "bag-name-update"}

    assert jan.run(ASK, number) == ""
    jan.status(number, "7")
    jan.run(FETCH, number)
    assert (jan.folder / "downloaded_package.zip").read_bytes() == data

    listed = next(each for each in jan.json(LIST) if each["id"] == number)
    assert listed == {**renamed, "content": made["content"], "status": "7"}
    (found,) = (each for each in jan.json(SEARCH) if each["id"] == number)
    assert found == {
        name: listed[name]
        for name in (
            *("system_metadata", "user_metadata", "created_at", "version", "status", "name", "id"),
        )
    }
    _check_audits(jan, number, made["created_by"], digest)


def _check_audits(jan: Shell, number: int, by: int, digest: str) -> None:
    told = jan.json(AUDITS_OF_ONE, number)
    assert [(each["event"]["id"], each["event"]["name"]) for each in told] == [
        (7, "Content downloaded from LTP"),
        (4, "Content checksum successfully verified"),
        (6, "Content download from LTP requested"),
        (9, "Metadata updated"),
        (1, "Uploaded To LTP"),
        (3, "Content checksum computed"),
        (11, "Bagit check success"),
        (0, "Started Uploading To LTP"),
    ]
    assert [each["details"] for each in told[-4:]] == [
        {"result": True}, {"sha256": digest}, None, None
    ]  # fmt: skip
    assert all(MOMENT.fullmatch(each["timestamp"]) for each in told)
    first = told[-1]
    assert first == {
        "id": first["id"],
        "archive": {"id": number, "name": "bag-name-update", "version": 1},
        "created_by": {"id": by, "username": "jan"},
        "event": {"id": 0, "name": "Started Uploading To LTP"},
        "details": None,
        "timestamp": first["timestamp"],
    }
    assert [each["created_by"] for each in told] == [first["created_by"]] * len(told)
    every = jan.json(AUDITS)
    assert [each for each in every if each["archive"]["id"] == number] == told


def test_a_bag_that_is_wrong_is_told_as_printed(jan: Shell):
    number = jan.upload(bag_zip(leave_out="bagit.txt"))["id"]
    jan.status(number, "9")
    (failed,) = (each for each in jan.json(AUDITS_OF_ONE, number) if each["event"]["id"] == 10)
    assert failed["event"]["name"] == "Bagit check failed"
    assert all("error" in each for each in failed["details"])
    assert "bagit.txt" in failed["details"][0]["error"]
    code = ASK.replace("curl ", "curl -s -o answer -w '%{http_code}' ")
    assert jan.run(code, number) == "409"


def test_new_content_is_a_new_version(jan: Shell):
    first = jan.upload(bag_zip())["id"]
    jan.status(first, "3")
    other = bag_zip({"data/more": b"more"})
    (jan.folder / "my_archive_package.zip").write_bytes(other)
    sent = UPDATE.replace("name=bag-name-update", "content=@/home/user/my_archive_package.zip")
    made = jan.json(sent, first)
    assert (made["version"], made["name"], made["checksum"]) == (
        2, "bag-balicek", sha256(other).hexdigest()
    )  # fmt: skip
    assert jan.json(DETAIL, first)["next_version"] == made["id"]
    jan.status(made["id"], "3")


LANGUAGES = {
    "": "Not found.",
    "cs": "Nenalezeno.",
    "nb-NO,nb;q=0.9": "Ikke funnet.",
    "de, cs;q=0.5, en;q=0.1": "Nenalezeno.",
}


@pytest.mark.parametrize(("asked", "said"), LANGUAGES.items())
def test_what_is_not_there_is_told_in_the_language_asked_for(jan: Shell, asked: str, said: str):
    header = f"--header 'Accept-Language: {asked}' " if asked else ""
    for command in (DETAIL, LIST.replace(GROUP, "nobodys"), ASK + "| jq", UPDATE, AUDITS_OF_ONE):
        told = jan.json(command.replace("--url", f"{header}--url"), 9_999_999)
        assert told == {"detail": said}, command


def test_a_mate_may_all_and_a_stranger_sees_nothing(jan: Shell, members: dict[str, str]):
    number = jan.upload(bag_zip())["id"]
    jan.status(number, "3")
    hana = Shell(jan.hub, members["hana"], jan.folder)
    assert hana.json(UPDATE, number)["name"] == "bag-name-update"
    assert hana.run(ASK, number) == ""
    hana.status(number, "7")
    hana.run(FETCH, number)
    zdenek = Shell(jan.hub, members["zdenek"], jan.folder)
    assert zdenek.json(ACCOUNT)["groups"] == []
    for command in (DETAIL, UPDATE, LIST, SEARCH, AUDITS, AUDITS_OF_ONE):
        assert zdenek.json(command, number) == {"detail": "Not found."}
    assert zdenek.json(ASK + "| jq", number) == {"detail": "Not found."}
    said = "You do not have permission to perform this action."
    assert zdenek.json(UPLOAD) == {"detail": said}
    assert zdenek.json(LIST.replace(FORM, "")) == []


@pytest.mark.parametrize(
    ("left_out", "said"),
    [
        ("--form name=bag-balicek", {"name": ["This field is required."]}),
        (
            "--form content=@/home/user/my_archive_package.zip",
            {"content": ["No file was submitted."]},
        ),
        (f"--form group='{GROUP}'", {"group": ["This field is required."]}),
        ('{"author": "milan", "title": "ltp_data1"}', None),
    ],
)
def test_a_field_that_is_missing_is_named(jan: Shell, left_out: str, said: Any):
    (jan.folder / "my_archive_package.zip").write_bytes(b"x" * 3_000_000)
    command = UPLOAD.replace(left_out, "--form more=1" if said else "{")
    before = jan.hub.incoming()  # what others of this hub have on its way
    assert jan.json(command) == (said or {"user_metadata": ["Value must be valid JSON."]})
    assert set(jan.hub.incoming()) <= set(before)


def test_without_a_token_nothing_is_told(jan: Shell):
    jan.token = "d7d6ae316f8cb34ec2561421962a737ce30a95d8"
    for command in (ACCOUNT, TOKEN, LOGOUT, DETAIL, UPDATE, LIST, AUDITS, AUDITS_OF_ONE, SEARCH):
        assert jan.json(command) == {"detail": "Invalid token."}
        bare = command.replace('--header "Authorization: Token ${LTP_TOKEN}"', "")
        assert jan.json(bare) == {"detail": "Authentication credentials were not provided."}


def test_the_command_deposits_lists_and_fetches(jan: Shell, members: dict[str, str]):
    data = bag_zip({"data/large": os.urandom(3_000_000)})
    (jan.folder / "sent.zip").write_bytes(data)
    where = {"LAGAN_URL": jan.hub.url, "LAGAN_API_KEY": jan.hub.key("jan")}

    def lagan(*words: str) -> subprocess.CompletedProcess[str]:
        return jan.hub.lagan("package", *words, **where)

    made = lagan("deposit", str(jan.folder / "sent.zip"), "--group", GROUP, "--set", "of=command",
                 "--json")  # fmt: skip
    assert made.returncode == 0, made.stderr
    row = json.loads(made.stdout)
    assert (row["name"], row["status"], row["checksum"]) == ("sent", "3", sha256(data).hexdigest())
    listed = lagan("list", "--search", "command").stdout
    assert listed == f"{row['id']}\t1\tkept\tsent\n"
    target = jan.folder / "fetched.zip"
    done = lagan("get", str(row["id"]), "--output", str(target))
    assert (done.returncode, target.read_bytes()) == (0, data), done.stderr

    (jan.folder / "wrong.zip").write_bytes(bag_zip(leave_out="bagit.txt"))
    wrong = lagan("deposit", str(jan.folder / "wrong.zip"), "--group", GROUP)
    assert wrong.returncode == 7
    assert "bagit.txt" in wrong.stderr
    assert "not a valid bag" in wrong.stdout


def test_a_deposit_that_broke_off_goes_on(jan: Shell):
    from lagan.client import Hub as Client

    data = bag_zip({"data/large": os.urandom(400_000)})
    (jan.folder / "half.zip").write_bytes(data)
    key = jan.hub.key("jan")
    client = Client(jan.hub.url, api_key=key)
    row = client.packages.begin("half.zip", group=GROUP, name="half")
    assert row["status"] == "0"
    upload = client.uploads.create(str(row["id"]), "half.zip", len(data))
    assert client.uploads.append(upload, 0, data[:100_000], 100_000) == 100_000
    client.close()
    where = {"LAGAN_URL": jan.hub.url, "LAGAN_API_KEY": key}
    words = ["deposit", str(jan.folder / "half.zip"), "--resume", f"{row['id']}/{upload}", "--json"]
    done = jan.hub.lagan("package", *words, **where)
    assert done.returncode == 0, done.stderr
    kept = json.loads(done.stdout)
    assert (kept["id"], kept["status"], kept["checksum"]) == (
        row["id"], "3", sha256(data).hexdigest()
    )  # fmt: skip
