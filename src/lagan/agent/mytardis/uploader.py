"""This computer as the server's administrators see it: the uploader's record, its key pair, and the
request to stage files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lagan.agent.errors import BadSetting
from lagan.agent.identity import about, own_id
from lagan.agent.mytardis.client import Client, Row
from lagan.agent.settings import Settings
from lagan.kit.files import write_atomically


class Uploader:
    """What is kept in the `state` folder: the id (unless the settings give one) and the key."""

    def __init__(self, client: Client, settings: Settings, state: Path) -> None:
        self._client, self._settings, self._state = client, settings, state
        self.uuid = own_id(settings)

    def register(self, instrument: str) -> Row:
        """Tell the server about this computer and ask for approval, once; the request as it
        stands."""
        given = about(self._settings, self.uuid, instrument)
        known = self._client.rows("mydata_uploader", uuid=self.uuid)
        if known:
            record = self._client.change("mydata_uploader", known[0]["id"], given)
            address = str(record.get("resource_uri") or known[0]["resource_uri"])
        else:
            address = str(self._client.make("mydata_uploader", given)["resource_uri"])
        marks = self.marks()
        asked = self._client.rows(
            "mydata_uploaderregistrationrequest",
            uploader__uuid=self.uuid,
            requester_key_fingerprint=marks["requester_key_fingerprint"],
        )
        return asked[0] if asked else self._request(address, marks["requester_key_fingerprint"])

    def marks(self) -> dict[str, str]:
        """What tells the server whose staged file it is."""
        ssh = _ssh()
        fingerprint = ssh.fingerprint(ssh.public_part(self.private_key()))
        return {"uploader_uuid": self.uuid, "requester_key_fingerprint": fingerprint}

    def private_key(self) -> str:
        """The key in OpenSSH's format, made at the first call and readable by us alone."""
        path = self._state / "staging_key"
        if not path.exists():
            made = _ssh().make_key(f"Lagan agent {self.uuid}")
            write_atomically(path, made.encode(), mode=0o600)
        return path.read_text(encoding="utf-8")

    def _request(self, uploader: str, fingerprint: str) -> Row:
        settings = self._settings
        return self._client.make(
            "mydata_uploaderregistrationrequest",
            {
                "uploader": uploader, "name": settings.instrument_name,
                "requester_name": settings.contact_name,
                "requester_email": settings.contact_email,
                "requester_public_key": _ssh().public_part(self.private_key()) + "\n",
                "requester_key_fingerprint": fingerprint,
            },
        )  # fmt: skip


def _ssh() -> Any:
    """The SSH part, which a small installation may lack."""
    try:
        from lagan.transfer import keys
    except ImportError:
        raise BadSetting(
            "Staging by SFTP needs the SSH part: install lagan[sftp], or set upload_method = POST.",
            setting="upload_method",
        ) from None
    return keys
