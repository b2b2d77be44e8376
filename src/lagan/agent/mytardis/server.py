"""The server in a hub's words: instruments, datasets, look-ups, and every way to send."""

from __future__ import annotations

import platform
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from lagan.agent.mytardis import facts
from lagan.agent.mytardis.client import Client, Row, id_of
from lagan.agent.mytardis.people import People, Somebody, UnknownOwner
from lagan.agent.mytardis.sending import Delivery, Way
from lagan.agent.mytardis.staging import Staging, approved
from lagan.agent.mytardis.uploader import Uploader
from lagan.agent.settings import Settings
from lagan.client import Acknowledgement, Member, State, Wanted
from lagan.client.described import Described, Found
from lagan.client.lookup import Known
from lagan.client.uploads import Stored
from lagan.client.whole import Opened
from lagan.kit.errors import BadInput, Conflict, LaganError, NotFound, NotSignedIn
from lagan.kit.http import Http, Untrusted


class MyTardis:
    """One server and the role account that we are to it. Threads may share one.

    Differs from a hub: it keeps no versions, verifies in its own time, and what is staged by SFTP
    or sent in chunks needs an administrator's approval first; until then everything goes by POST.
    """

    stranger = facts.NOBODY

    def __init__(self, http: Http, settings: Settings, state: Path) -> None:
        self._http, self._settings, self._state = http, settings, state
        self.client = Client(http)
        self._people = People(self.client)
        self._uploader = Uploader(self.client, settings, state)
        self._facility: Row = {}
        self._instrument = ""
        self._delivery: Delivery | None = None
        self._experiments: dict[tuple[object, ...], int] = {}
        self._lock = threading.Lock()

    def close(self) -> None:
        """Close all connections."""
        with self._lock:
            if self._delivery is not None:
                self._delivery.close()
        self._http.close()

    def me(self) -> dict[str, Any]:
        """The role account. NotSignedIn when the server does not take its key."""
        try:
            me = self._people.find("username", self._settings.username)
        except UnknownOwner:
            raise NotSignedIn(
                f"The server does not let {self._settings.username!r} in with this key."
            ) from None
        return {"username": me.name, "name": me.full_name, "email": me.email}

    def person(self, kind: str, owner: str) -> Somebody | None:
        """Who a folder's name stands for, when that was asked before."""
        try:
            return self._people.find(kind, owner)
        except LaganError:
            return None

    def page(self, dataset: str) -> str:
        """The address of a dataset's page."""
        return f"{self._http.base}/dataset/{dataset}"

    def register_instrument(self, facility: str, name: str) -> str:
        """The instrument's id, made when it is missing; NotFound tells the facilities there are."""
        self._facility = self._find_facility(facility)
        found = self._instruments(name)
        if not found:
            given = {"facility": f"/api/v1/facility/{self._facility['id']}/", "name": name}
            found = [self.client.make("instrument", given)]
        self._instrument = str(found[0]["id"])
        return self._instrument

    def rename_instrument(self, facility: str, before: str, name: str) -> None:
        """Call an instrument otherwise. Conflict when the facility has one of that name: the
        server itself would take it."""
        self._facility = self._find_facility(facility)
        if self._instruments(name):
            raise Conflict(f"{facility} has an instrument {name!r} already.")
        number = self.register_instrument(facility, before)
        self.client.change("instrument", number, {"name": name})

    def _find_facility(self, facility: str) -> Row:
        known = {str(row["name"]): row for row in self.client.rows("facility")}
        if facility not in known:
            raise NotFound(
                f"{self._settings.username} manages no facility {facility!r}"
                + (f"; there is {', '.join(sorted(known))}." if known else "."),
                facilities=sorted(known),
            )
        return known[facility]

    def _instruments(self, name: str) -> list[Row]:
        return self.client.rows("instrument", facility__id=self._facility["id"], name=name)

    def ensure_datasets(self, instrument: str, datasets: Sequence[Described]) -> list[Found]:
        """Find or make experiments and datasets; what each was refused for comes back with it."""
        return [self._ensure(instrument, each) for each in datasets]

    def look_up(self, wanted: Sequence[Wanted], verified: bool = False) -> list[Known]:
        """What the server has, one request a file, several at a time."""
        with ThreadPoolExecutor(min(self._settings.max_verification_threads, 64), "ask") as pool:
            asked = [
                [pool.submit(self._look_up, each.dataset, file) for file in each.files]
                for each in wanted
            ]
            answers = [[future.result() for future in each] for each in asked]
        return [
            Known(
                [state for state, _ in each],
                {index: digest for index, (_, digest) in enumerate(each) if digest},
            )
            for each in answers
        ]

    def send_batch(
        self, members: Iterable[Member], on_bytes: Callable[[int], None] = lambda n: None
    ) -> Iterator[Acknowledgement]:
        """Small files, one after the other."""
        for member in members:
            content = member.read()
            if content is None:
                continue
            try:
                stored = self._way().small(
                    member.dataset, member.path, content, member.mtime_ns, on_bytes
                )
            except LaganError as error:
                if not error.permanent or isinstance(error, NotSignedIn | Untrusted):
                    raise
                yield Acknowledgement(member, "refused", len(content), "", error=error)
            else:
                yield Acknowledgement(member, "stored", stored.size, stored.sha256)

    def send_file(
        self, dataset: str, path: str, source: Opened, on_bytes: Callable[[int], None]
    ) -> Stored:
        """One large file. Changed when it is not what it was at its opening."""
        return self._way().large(dataset, path, source, on_bytes)

    def _way(self) -> Delivery:
        """How files go: decided at the first, by what the server has approved."""
        with self._lock:
            if self._delivery is None:
                self._delivery = Delivery(self.client, self._settings, *self._decide())
            return self._delivery

    def _decide(self) -> tuple[Way, Staging | None, dict[str, str]]:
        if self._settings.upload_method.strip().upper() == "POST":
            return Way.POST, None, {}
        request = self._uploader.register(self._instrument)
        box = approved(request)
        if box is None:
            return Way.POST, None, {}
        announced = self._uploader.marks()
        if self._settings.upload_method.strip().lower() == "chunked":
            return Way.CHUNKS, None, announced
        key, pin = self._uploader.private_key(), self._state / "staging_host"
        return Way.SFTP, Staging(box, key, self._settings, pin), announced

    def _ensure(self, instrument: str, wanted: Described) -> Found:
        try:
            owner = self._people.find(wanted.owner_kind, wanted.owner)
            experiment = self._experiment(wanted, owner)
            return Found(self._dataset(instrument, experiment, wanted.name), "open")
        except LaganError as error:
            if not error.permanent or isinstance(error, NotSignedIn):
                raise
            if isinstance(error, UnknownOwner):
                error.facts["problem"] = error.code
            return Found(None, None, error)

    def _experiment(self, wanted: Described, owner: Somebody) -> int:
        settings = self._settings
        title = wanted.experiment or f"{settings.instrument_name} - {owner.full_name}"
        names = facts.folder_names(settings, wanted)
        key = (title, *names)
        if key not in self._experiments:
            asked = {"title": title, "folder_structure": settings.folder_structure}
            if names[0]:
                asked["user_folder_name"] = names[0]
            if names[1]:
                asked["group_folder_name"] = names[1]
            found = self.client.rows("mydata_experiment", **asked)
            self._experiments[key] = (
                int(found[0]["id"]) if found else self._make_experiment(title, names, owner)
            )
        return self._experiments[key]

    def _make_experiment(
        self, title: str, names: tuple[str | None, str | None], owner: Somebody
    ) -> int:
        made = self.client.make(
            "mydata_experiment",
            facts.experiment(
                self._settings, title, names, self._uploader.uuid, platform.node() or "localhost"
            ),
        )
        number = int(made["id"])
        managers = str((self._facility.get("manager_group") or {}).get("id", ""))
        grants = [("django_group", managers)] if managers else []
        is_role = owner.kind == "django_user" and owner.name == self._settings.username
        if not is_role and (owner.kind, owner.id) not in grants:
            grants.append((owner.kind, owner.id))
        for kind, entity in grants:
            self.client.make("objectacl", facts.grant(kind, entity, number))
        return number

    def _dataset(self, instrument: str, experiment: int, name: str) -> str:
        asked = {"experiments__id": experiment, "description": name}
        try:
            found = self.client.rows("dataset", **asked, instrument__id=instrument)
        except BadInput:  # servers whose datasets know no instrument
            found = self.client.rows("dataset", **asked)
        if found:
            return str(found[0]["id"])
        made = self.client.make(
            "dataset",
            {
                "instrument": f"/api/v1/instrument/{instrument}/", "description": name,
                "experiments": [f"/api/v1/experiment/{experiment}/"],
                "immutable": self._settings.immutable_datasets,
            },
        )  # fmt: skip
        return str(made.get("id") or id_of(str(made.get("resource_uri", ""))))

    def _look_up(self, dataset: str, file: tuple[str, int, int]) -> tuple[State, str | None]:
        path, size, mtime_ns = file
        directory, _, name = path.rpartition("/")
        found = self.client.rows(
            "mydata_dataset_file", dataset__id=dataset, filename=name, directory=directory
        )
        with_copies = [row for row in found if row.get("replicas")]
        if not with_copies:
            return State.ABSENT, None
        return self._judge(with_copies, size, mtime_ns)

    def _is_whole(self, replica: object, size: int) -> bool:
        """Whether all bytes of a replica have arrived; a server that cannot tell is believed."""
        try:
            there = self.client.row("mydata_replica", replica).get("size")
        except NotFound:
            return True
        return there is not None and int(there) >= size

    def _judge(self, rows: Sequence[Row], size: int, mtime_ns: int) -> tuple[State, str | None]:
        """What records of one name are worth; one that is proven counts before the others."""
        rows = sorted(rows, key=lambda row: not row["replicas"][0].get("verified"))
        row = rows[0]
        if int(row.get("size") or 0) != size:
            return State.OTHER_SIZE, None
        if not row["replicas"][0].get("verified"):
            if not self._is_whole(row["replicas"][0]["id"], size):
                return State.ABSENT, None
            self.client.verify(row["id"])
            return State.UNVERIFIED, None
        if facts.same_time(row.get("modification_time"), mtime_ns):
            return State.VERIFIED, None
        return State.OTHER_TIME, str(row.get("md5sum") or "") or None
