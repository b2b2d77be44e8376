"""Makes a data folder a hub: database, root of the tree, two volumes, a site, an administrator.
Safe to repeat."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings

from lagan.hub.accounts import services as accounts
from lagan.hub.accounts.queries import find_user
from lagan.hub.archive import queries as archive_queries
from lagan.hub.archive import services as archive
from lagan.hub.base.actors import SYSTEM
from lagan.hub.jobs import services as jobs
from lagan.hub.jobs.workflows import services as workflows
from lagan.hub.ops.data_folder import VOLUMES
from lagan.hub.ops.local_site import LOCAL_SITE
from lagan.hub.tree.queries import members
from lagan.kit.errors import Conflict, NotFound


class DatabaseLost(Conflict):
    """Volumes with an archive, and a database that knows nothing of it."""

    code = "database-lost"


ADMINISTRATOR = "admin"
STORAGE_SET = "main"


def migrate() -> None:
    """Bring the database to what this version needs."""
    from django.core.management import call_command

    call_command("migrate", interactive=False, verbosity=0)


def prepare_hub() -> None:
    """What any hub needs: the database's tables, the ground entities, a site for work at the hub,
    the workflows that everybody knows."""
    migrate()
    accounts.bootstrap()
    jobs.ensure_site(name=LOCAL_SITE, title="This machine")
    workflows.ensure_defaults()


def prepare_volumes(data: Path) -> None:
    """Two volumes in one storage set beneath `data`, unless the hub has any volume already."""
    if archive_queries.volumes():
        return
    for name, role in VOLUMES:
        place = data / "volumes" / name
        place.mkdir(parents=True, exist_ok=True)
        _add_volume(data, place, name, role)


def _add_volume(data: Path, place: Path, name: str, role: str) -> None:
    try:
        archive.add_volume(
            by=SYSTEM, location=f"posix:{place}", name=name, storage_set=STORAGE_SET, role=role
        )
    except Conflict as taken:
        raise DatabaseLost(
            f"The volumes in {data / 'volumes'} hold an archive that the database does not know. "
            f"If the database was lost, `LAGAN_DATA={data} lagan archive rebuild` makes it again.",
            reason=taken.sentence,
        ) from None


def local_volumes() -> list[str]:
    """Where the volumes are that `lagan up` keeps in the data folder. NotFound when there are
    none."""
    folder = settings.CONFIG.data / "volumes"
    found = sorted(each.parent.parent for each in folder.glob("*/.lagan/volume.json"))
    if not found:
        raise NotFound(f"There are no volumes in {folder}; say where they are.", folder=str(folder))
    return [f"posix:{each}" for each in found]


def settle() -> None:
    """What killed processes left on the volumes is settled before anybody writes."""
    archive.sweep(by=SYSTEM, starting=True)


def first_administrator() -> str | None:
    """Make an administrator when there is none; the path of the page that sets its password, for as
    long as nobody has set one."""
    administrators = accounts.bootstrap().administrators
    user = find_user(username=ADMINISTRATOR)
    if user is None:
        if members(administrators.id):
            return None
        user = accounts.create_user(by=SYSTEM, username=ADMINISTRATOR, admin=True)
    return None if user.has_usable_password() else accounts.make_password_link(user, by=SYSTEM)
