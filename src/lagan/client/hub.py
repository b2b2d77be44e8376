"""Lagan's hub as Python calls: who am I, instruments, datasets, look-ups, sending, fetching."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from lagan.client import batch, download, lookup
from lagan.client.credentials import Bearer, ClientKey, Credential, Nobody, Token
from lagan.client.described import Described, Found, found
from lagan.client.entities import Entities
from lagan.client.facilities import Facilities
from lagan.client.instruments import Instruments
from lagan.client.jobs import Jobs
from lagan.client.packages import Packages
from lagan.client.permissions import Permissions
from lagan.client.policies import Policies
from lagan.client.quotas import Quotas
from lagan.client.schedules import Schedules
from lagan.client.sites import Sites
from lagan.client.uploads import Stored, Uploads
from lagan.client.whole import upload_whole
from lagan.client.workflows import Workflows
from lagan.kit.errors import Unavailable
from lagan.kit.http import Http, Tls, segment


class Hub:
    """One hub and who we are to it. Threads may share one."""

    def __init__(
        self, url: str, *, api_key: str | None = None, token: Callable[[], str] | None = None,
        timeout: float = 10.0, tls: Tls | None = None, connections: int = 10, retries: int = 3,
        proxy: str | None = None,
    ) -> None:  # fmt: skip
        self._credential: Credential = ClientKey(api_key) if api_key else Nobody()
        if token is not None:
            self._credential = Bearer(token)
        self.http = Http(
            url, authorization=lambda: self._credential.header(), timeout=timeout, tls=tls,
            connections=connections, retries=retries, proxy=proxy,
        )  # fmt: skip
        self.uploads = Uploads(self.http)
        self.instruments = Instruments(self.http)
        self.entities = Entities(self.http, self._pages)
        self.packages = Packages(self)
        self.quotas = Quotas(self.http, self._pages)
        self.permissions = Permissions(self.http)
        self.workflows = Workflows(self.http, self._numbered)
        self.jobs = Jobs(self.http, self._numbered)
        self.sites = Sites(self.http, self._numbered)
        self.policies = Policies(self.http, self._pages)
        self.facilities = Facilities(self.http, self._pages)
        self.schedules = Schedules(self.http, self._pages)

    def close(self) -> None:
        """Close all connections."""
        self.http.close()

    def sign_in(self, username: str, password: str, otp: str = "") -> None:
        """Use a password; NotSignedIn when it is wrong. It is kept in memory to renew the token.
        `otp` is a one-time password, for accounts that ask for one: then nothing is renewed."""

        def ask() -> str:
            given = {"username": username, "password": password, **({"otp": otp} if otp else {})}
            with self.http.request(
                "POST", "api/auth/token/", json=given, anonymous=True, repeat=True
            ) as answer:
                return str(_member(answer.json(), "access"))

        self._credential = Token(ask)

    def me(self) -> dict[str, Any]:
        """Who the hub takes us for: `username`, `name`, `email`, `entity`."""
        return dict(self._json("GET", "api/auth/me/"))

    def page(self, dataset: str) -> str:
        """The address of a dataset's page, for people."""
        return f"{self.http.base}/datasets/{segment(dataset)}/"

    def make_key(self, name: str) -> str:
        """A new client key of that name; its text is told this once."""
        with self.http.request("POST", "api/auth/clientkeys/", json={"name": name}) as answer:
            return str(_member(answer.json(), "api_key"))

    def register_instrument(self, facility: str, name: str) -> str:
        """The id of the instrument `name` of the `facility`, made when it is missing."""
        given = {"facility": facility, "name": name}
        return str(_member(self._json("POST", "api/ingest/instruments/", given), "id"))

    def rename_instrument(self, facility: str, before: str, name: str) -> None:
        """Call the instrument `before` of the `facility` by another name; what it sent stays with
        it. Conflict when the facility has one of that name; Forbidden."""
        self.entities.rename(self.register_instrument(facility, before), name)

    def ensure_datasets(self, instrument: str, datasets: Sequence[Described]) -> list[Found]:
        """Find or make datasets; one answer for each, in order."""
        rows = [
            {
                "owner": each.owner, "owner_kind": each.owner_kind, "experiment": each.experiment,
                "name": each.name, "created": each.created,
            }
            for each in datasets
        ]  # fmt: skip
        document = self._json(
            "POST", "api/ingest/datasets/", {"instrument": instrument, "datasets": rows}
        )
        given = _member(document, "datasets")
        if len(given) != len(datasets):
            raise Unavailable("The hub answered another number of datasets than it was asked for.")
        return [found(each) for each in given]

    def look_up(
        self, wanted: Sequence[lookup.Wanted], verified: bool = False
    ) -> list[lookup.Known]:
        """What the hub has of these files, at most `lookup.MOST_FILES` in all.

        Without `verified` no state is VERIFIED: the hub does not look at the replicas then.
        """
        with self.http.request(
            "POST",
            "api/ingest/lookup/",
            json=lookup.question(wanted, verified),
            packed=True,
            repeat=True,
            patience=120.0,
        ) as answer:
            return lookup.answers(wanted, answer.json())

    def upload(
        self, source: Path, dataset: str, path: str, *,
        resume: str | None = None, on_created: Callable[[str], None] = lambda upload: None,
        on_bytes: Callable[[int], None] = lambda n: None,
    ) -> Stored:  # fmt: skip
        """Send the file `source` as `path` of `dataset`, going on with the upload `resume` if that
        still exists.

        `on_created` hears the upload's id before the first byte goes. BadInput when the file
        changed meanwhile.
        """
        return upload_whole(self, source, dataset, path, resume, on_created, on_bytes)

    def send_batch(
        self, members: Iterable[batch.Member], on_bytes: Callable[[int], None] = lambda n: None
    ) -> Iterator[batch.Acknowledgement]:
        """Send many small files in one request; see `batch.send`."""
        return batch.send(self.http, members, on_bytes)

    def put(self, dataset: str, path: str, content: bytes, mtime_ns: int | None = None) -> Stored:
        """Send one small file in one request."""
        headers = {"Lagan-Mtime": str(mtime_ns)} if mtime_ns is not None else {}
        with self.http.request(
            "PUT",
            _content(dataset, path),
            body=content,
            headers=headers,
            repeat=True,
            patience=batch.PATIENCE,
        ) as answer:
            given = answer.json()
        return Stored(
            _member(given, "file"), int(_member(given, "size")), str(_member(given, "sha256"))
        )

    def download(self, dataset: str, path: str, target: Path, version: int | None = None) -> Stored:
        """Fetch one file, or another version of it, to `target`, compared with the hub's digest
        before it gets its name."""
        asked = f"?version={version}" if version is not None else ""
        return download.fetch(self.http, _content(dataset, path) + asked, target)

    def download_into(self, dataset: str, path: str, file: BinaryIO) -> Stored:
        """Fetch one file into an open one, which is empty; compared with the hub's digest."""
        return download.fill(self.http, _content(dataset, path), file)

    def stream(self, dataset: str, path: str) -> Generator[bytes, None, Stored]:
        """One file in pieces, and what they were; a connection that is cut is gone on with.
        DigestMismatch after the last one when they are not what the hub announced."""
        return download.stream(self.http, _content(dataset, path))

    def itself(self) -> dict[str, Any]:
        """Who the hub is: `id`, which it keeps for ever, `address`, `institution`, `lagan`."""
        return dict(self._json("GET", "api/hub/"))

    def events(self, subject: str) -> Iterator[dict[str, Any]]:
        """What was done to an entity, as far as we see it, newest first."""
        return self._pages("api/audit/", {"subject": subject, "size": 1000})

    def dataset_of_job(
        self, job: int, group: str, name: str = "", *, close: bool = True
    ) -> dict[str, Any]:
        """The dataset that an open job of ours fills in a group, made by who asks first: its id as
        `dataset`, its `state`, and the `folder` of the site to which its paths are relative."""
        given = {"job": job, "group": group, "name": name, "close": close}
        return dict(self._json("POST", "api/datasets/of-job/", given))

    def versions(self, dataset: str, path: str) -> list[dict[str, Any]]:
        """All versions of a path, newest first."""
        found = self._json(
            "GET", f"api/datasets/{segment(dataset)}/versions/", query={"path": path}
        )
        return list(_member(found, "results"))

    def restore_version(self, dataset: str, path: str, version: int) -> dict[str, Any]:
        """Make an old version of a path the newest; the dataset must be open."""
        given = {"path": path, "version": version}
        place = f"api/datasets/{segment(dataset)}/versions/restore/"
        return dict(self._json("POST", place, given))

    def remove_files(self, dataset: str, paths: Sequence[str]) -> None:
        """Take files off their paths; the dataset must be open. All of them or none."""
        place = f"api/datasets/{segment(dataset)}/files/remove/"
        with self.http.request("POST", place, json={"paths": list(paths)}):
            return

    def download_zip(self, dataset: str, target: Path) -> Stored:
        """Fetch all files of a dataset as a zip to `target`."""
        return download.fetch(self.http, f"api/datasets/{segment(dataset)}/zip", target)

    def datasets(self) -> Iterator[dict[str, Any]]:
        """The datasets that we may see, page by page."""
        return self._pages("api/datasets/", {})

    def create_dataset(self, name: str, group: str, **facts: Any) -> dict[str, Any]:
        """Make an open dataset in the GROUP with this id. `facts`: `type`, `computer` (an id),
        `source_path`, `metadata`."""
        return dict(self._json("POST", "api/datasets/", {"name": name, "group": group, **facts}))

    def dataset(self, dataset: str) -> dict[str, Any]:
        """One dataset."""
        return dict(self._json("GET", f"api/datasets/{segment(dataset)}/"))

    def dataset_log(self, dataset: str, level: str = "INFO") -> Iterator[dict[str, Any]]:
        """The lines of a dataset's log from `level` on, newest first."""
        return self._pages(f"api/datasets/{segment(dataset)}/log/", {"level": level})

    def act_on_dataset(
        self, dataset: str, act: str, given: dict[str, Any] | None = None, method: str = "POST"
    ) -> dict[str, Any]:
        """`restore`, `acquire` or, with PUT and `expires`, `expiry`; what the hub answers."""
        path = f"api/datasets/{segment(dataset)}/{act}/"
        return dict(self._json(method, path, given or {}) or {})

    def remove_dataset(self, dataset: str) -> None:
        """Remove a dataset; administrators can put it back for 30 days."""
        with self.http.request("DELETE", f"api/datasets/{segment(dataset)}/", repeat=True):
            pass

    def computers(self, text: str = "") -> Iterator[dict[str, Any]]:
        """The laboratory computers that we may see, by name."""
        return self._pages("api/computers/", {"text": text} if text else {})

    def computer(self, computer: str) -> dict[str, Any]:
        """One laboratory computer with its facts and its connection."""
        return dict(self._json("GET", f"api/computers/{segment(computer)}/"))

    def register_computer(self, name: str, group: str, facts: dict[str, str]) -> dict[str, Any]:
        """Register a laboratory computer in the GROUP with this id."""
        given = {"name": name, "group": group, "facts": facts}
        with self.http.request("POST", "api/computers/", json=given) as answer:
            return dict(answer.json())

    def change_computer(self, computer: str, facts: dict[str, str]) -> dict[str, Any]:
        """Give other facts of a laboratory computer."""
        path = f"api/computers/{segment(computer)}/"
        return dict(self._json("PATCH", path, {"facts": facts}))

    def test_computer(self, computer: str, fingerprint: str = "") -> dict[str, Any]:
        """Let the hub try to reach it; with a fingerprint, confirm that host key before."""
        path = f"api/computers/{segment(computer)}/"
        if fingerprint:
            self._json("POST", f"{path}host-key/", {"fingerprint": fingerprint})
        return dict(self._json("POST", f"{path}test/", {}))

    def browse_computer(
        self, computer: str, folder: str = "", order: str = "name"
    ) -> Iterator[dict[str, Any]]:
        """What lies in a folder of a laboratory computer, beneath its top."""
        query = {"folder": folder, "order": order}
        return self._pages(f"api/computers/{segment(computer)}/files/", query)

    def search(self, asked: Mapping[str, Any], limit: int = 100) -> Iterator[dict[str, Any]]:
        """Up to `limit` datasets that a search finds: `where`, `match`, `text`, `removed`,
        `order`, `saved`, as `POST /api/search/` takes them. Goes on where the hub stops to answer
        in time."""
        after: str | None = None
        while limit > 0:
            given = {**asked, "size": min(limit, 1000), "after": after}
            page = self._json("POST", "api/search/", given)
            found = _member(page, "results")
            yield from found
            limit -= len(found)
            after = page.get("next")
            if after is None:
                return

    def saved_searches(self) -> list[dict[str, Any]]:
        """Our saved searches, then those that our groups share."""
        return list(self._json("GET", "api/search/saved/"))

    def save_search(self, name: str, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Keep a search under a name."""
        return dict(self._json("POST", "api/search/saved/", {"name": name, "search": asked}))

    def files(self, dataset: str, folder: str = "") -> Iterator[dict[str, Any]]:
        """What lies directly in a folder of a dataset, page by page."""
        query = {"folder": folder, "size": 1000}
        return self._pages(f"api/datasets/{segment(dataset)}/files/", query)

    def close_dataset(self, dataset: str) -> dict[str, Any]:
        """Close a dataset: nothing can be added any more."""
        return dict(self._json("POST", f"api/datasets/{segment(dataset)}/close/", {}) or {})

    def publish(self, dataset: str, *, files: bool) -> dict[str, Any]:
        """Show a closed dataset to everybody, its files too if asked for."""
        path = f"api/datasets/{segment(dataset)}/publication/"
        return dict(self._json("PUT", path, {"files": files}))

    def unpublish(self, dataset: str) -> None:
        """Show it to everybody no longer."""
        self._delete(f"api/datasets/{segment(dataset)}/publication/")

    def share(self, dataset: str, **wishes: Any) -> dict[str, Any]:
        """Make a share link (`folder`, `days`, `password`, `most_downloads`, `note`); `address`
        in the answer is told this once."""
        path = f"api/datasets/{segment(dataset)}/shares/"
        with self.http.request("POST", path, json=wishes, repeat=False) as answer:
            return dict(answer.json())

    def shares(self, dataset: str) -> Iterator[dict[str, Any]]:
        """A dataset's share links, newest first."""
        return self._pages(f"api/datasets/{segment(dataset)}/shares/", {})

    def revoke_share(self, dataset: str, link: str) -> None:
        """End a share link."""
        self._delete(f"api/datasets/{segment(dataset)}/shares/{segment(link)}/")

    def metadata(self, dataset: str, form: str) -> Iterator[bytes]:
        """A dataset's metadata in a standard form, named as the last part of its address:
        `datacite.xml`, `citation.bib`, `ro-crate-metadata.json` ...; in pieces."""
        path = f"api/datasets/{segment(dataset)}/{segment(form)}"
        with self.http.request("GET", path, repeat=True) as answer:
            yield from answer.pieces()

    def _delete(self, path: str) -> None:
        with self.http.request("DELETE", path, repeat=False):
            pass

    def _pages(self, path: str, query: dict[str, Any]) -> Iterator[dict[str, Any]]:
        while True:
            page = self._json("GET", path, query=query)
            yield from _member(page, "results")
            if not page.get("next"):
                return
            query = {**query, "after": page["next"]}

    def _numbered(self, path: str, query: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """The rows of a list in numbered pages, page by page."""
        number = 1
        while True:
            page = self._json("GET", path, query={"page_size": 100, **query, "page": number})
            yield from _member(page, "results")
            if not page.get("next"):
                return
            number += 1

    def _json(
        self, method: str, path: str, given: Any = None, query: dict[str, Any] | None = None
    ) -> Any:
        # Everything asked through here is found-or-made, read, or refused the second time: safe to
        # repeat.
        repeat = given is None or path != "api/datasets/"
        with self.http.request(method, path, json=given, query=query, repeat=repeat) as answer:
            return answer.json()


def _content(dataset: str, path: str) -> str:
    return f"api/datasets/{segment(dataset)}/content/{segment(path, keep='/')}"


def _member(document: Any, name: str) -> Any:
    if not isinstance(document, dict) or name not in document:
        raise Unavailable(f"The hub's answer lacks {name!r}; is the address that of a Lagan hub?")
    return document[name]
