"""Experiments: GROUPs in a facility that uploading programs find again by title and by whose folder
it is, and share with people and groups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import count

from django.db import transaction
from django.utils import timezone

from lagan.hub.accounts import queries as accounts
from lagan.hub.audit import services as audit
from lagan.hub.audit.kinds import Kind
from lagan.hub.base import locks
from lagan.hub.base.actors import SYSTEM, Actor
from lagan.hub.instruments.facilities import MANAGES, facilities
from lagan.hub.instruments.models import Experiment, Uploader
from lagan.hub.tree import queries as tree_queries
from lagan.hub.tree import services as tree
from lagan.kit.errors import BadInput, Forbidden, NotFound, NotSignedIn

READ = frozenset(
    {
        *("GROUP_READ", "GROUP_LIST", "GROUP_METADATA_READ"),
        *("DATASET_READ", "DATASET_LIST", "DATASET_METADATA_READ", "DATASET_LOG_READ"),
    }
)
WRITE = frozenset({"DATASET_CREATE", "DATASET_CHANGE", "DATASET_CLOSE"})
DELETE = frozenset({"DATASET_DELETE"})
OWN = frozenset({"GROUP_PERM_SET", "DATASET_PERM_SET", "DATASET_PUBLISH"})
MOST = 1000
"""Experiments looked at for one question."""


@dataclass(frozen=True, slots=True)
class ExperimentRow:
    """An experiment as its programs know it; `owners` are the ids of users who own it."""

    id: int
    title: str
    description: str
    uploader: str
    user_folder: str | None
    group_folder: str | None
    created_by: int
    created_at: datetime
    owners: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Sought:
    """What a program knows of the experiment that it looks for; the folder structure is guessed
    where an old program does not say it."""

    title: str | None = None
    structure: str = ""
    user_folder: str | None = None
    group_folder: str | None = None
    uploader: str | None = None
    ids: tuple[int, ...] = ()

    @property
    def by_folder(self) -> bool:
        """Whether a folder's name decides, beside the title."""
        return self.user_folder is not None or self.group_folder is not None

    def guessed(self) -> str:
        """The folder structure."""
        if self.structure:
            return self.structure
        if self.group_folder is not None:
            return "User Group / Dataset"
        return "Email / Dataset" if "@" in (self.user_folder or "") else "Username / Dataset"


def experiments(by: Actor, sought: Sought) -> list[ExperimentRow]:
    """Those that the actor sees, oldest first: with a folder's name or an uploader the first alone,
    else all of the title."""
    rows = Experiment.objects.order_by("pk")
    if sought.title is not None:
        rows = rows.filter(title=sought.title.replace("\x00", "\ufffd"))
    if sought.ids:
        rows = rows.filter(pk__in=sought.ids)
    if sought.uploader is not None:
        rows = rows.filter(uploader=sought.uploader)
    seen = rows.filter(tree_queries.within(tree_queries.visible(by, "GROUP"), "group__path"))
    one = sought.by_folder or sought.uploader is not None
    fitting = [each for each in seen[:MOST] if _fits(each, sought)]
    return [_row(each) for each in (fitting[:1] if one else fitting)]


def experiment(by: Actor, id: int) -> ExperimentRow:
    """One that the actor sees, with who owns it. NotFound."""
    found = experiments(by, Sought(ids=(id,)))
    if not found:
        raise NotFound(f"There is no experiment {id}.", experiment=id)
    return found[0]


def _fits(row: Experiment, sought: Sought) -> bool:
    structure = sought.guessed()
    if not sought.by_folder:
        return True
    if structure.startswith("User Group /"):
        return row.group_folder == sought.group_folder
    if structure.startswith(("Username /", "Email /")):
        return (row.user_folder or "").casefold() in _names(structure, sought.user_folder or "")
    return True


def _names(structure: str, folder: str) -> set[str]:
    """What the folder of somebody may be called, whichever of the two it is called by."""
    user = _person(folder, structure.startswith("Email /"))
    names = {folder} if user is None else {user.username, user.email}
    return {each.casefold() for each in names if each}


def _person(folder: str, by_address: bool) -> accounts.User | None:
    user = accounts.find_user(**{"email" if by_address else "username": folder})
    return user if user is not None and user.is_active else None


@transaction.atomic
def make_experiment(
    *,
    by: Actor,
    title: str,
    description: str = "",
    uploader: str = "",
    user_folder: str | None = None,
    group_folder: str | None = None,
) -> ExperimentRow:
    """A new experiment in the uploader's facility, or the actor's; the actor owns it. One that is
    the same in all of this is found instead."""
    if by.entity is None:
        raise NotSignedIn("Sign in to make an experiment.")
    if not title.strip():
        raise BadInput("An experiment has a title.", field="title")
    place = _facility(by, uploader)
    locks.until_commit(f"experiments of {place}")
    title, uploader = title.replace("\x00", "\ufffd"), uploader[:64]
    same = Experiment.objects.filter(
        facility=place, title=title, uploader=uploader,
        user_folder=user_folder, group_folder=group_folder,
    )  # fmt: skip
    if (found := same.order_by("pk").first()) is not None:
        return _row(found)
    owner = None
    if user_folder and group_folder is None:
        owner = _person(user_folder, False) or _person(user_folder, True)
    group = _group(place, title)
    tree.set_grants(by=SYSTEM, subject=by.entity, object=group, grant=READ | WRITE | OWN)
    row = Experiment.objects.create(
        group_id=group, facility_id=place, title=title, description=description[:10_000],
        uploader=uploader, user_folder=user_folder, group_folder=group_folder,
        owner_id=owner.entity_id if owner else None, created_by_id=by.entity,
        created_at=timezone.now(),
    )  # fmt: skip
    audit.record(kind=Kind.EXPERIMENT_MADE, by=by, subject=group, data={"title": title[:500]})
    return _row(row)


def _facility(by: Actor, uploader: str) -> int:
    """That of the uploader if the actor manages it, else the first that the actor manages."""
    row = Uploader.objects.filter(uuid=uploader).first() if uploader else None
    if row is not None and row.facility_id and tree_queries.may(by, MANAGES, row.facility_id):
        return row.facility_id
    found = facilities(by)
    if not found:
        raise Forbidden("You manage no facility to make an experiment in.", permission=MANAGES)
    return found[0].id


def _group(facility: int, title: str) -> int:
    """A new GROUP called after the title; with a number when there is one of that name."""
    clean = "".join(each if each.isprintable() and each != "/" else "-" for each in title).strip()
    for number in count(1):
        name = clean[:480] + (f" ({number})" if number > 1 else "")
        if tree_queries.child(type="GROUP", name=name, parent=facility) is None:
            return tree.create_entity(by=SYSTEM, type="GROUP", name=name, parent=facility).id
    raise AssertionError("counting never ends")


@transaction.atomic
def share_experiment(
    *,
    by: Actor,
    experiment: int,
    subject: int,
    type: str,
    owner: bool = False,
    read: bool = False,
    write: bool = False,
    delete: bool = False,
) -> None:
    """Give a USER or GROUP rights on an experiment and what is in it, beside those it has; needs
    GROUP_PERM_SET there, and nobody gives what they do not hold. Nothing changes for who holds all
    of it already, as those who manage the facility do."""
    row = tree.require_sight(actor=by, entity=experiment)
    if not Experiment.objects.filter(pk=experiment).exists():
        raise NotFound(f"There is no experiment {experiment}.", experiment=experiment)
    other = tree_queries.rows([subject]).get(subject)
    if other is None or other.type != type:
        raise BadInput(f"There is no {type} {subject}.", field="entityId")
    chosen: Sequence[tuple[bool, frozenset[str]]] = (
        (read, READ), (write, WRITE), (delete, DELETE), (owner, OWN),
    )  # fmt: skip
    wanted = frozenset().union(*(rights for given, rights in chosen if given))
    above = tree_queries.ancestry(row.path)
    held = frozenset(map(str, tree_queries.subject_permissions(subject, row.path)))
    if wanted <= held or subject in above:
        # A group that the experiment lies in is the role of everybody in it: nobody meant them.
        tree.require(actor=by, permission="GROUP_PERM_SET", entity=experiment)
        return
    granted, denied = tree_queries.grants_on(experiment).get(subject, (frozenset(), frozenset()))
    tree.set_grants(
        by=by, subject=subject, object=experiment, grant=granted | wanted, deny=denied - wanted
    )


def _row(row: Experiment) -> ExperimentRow:
    owners = {row.created_by_id, *([row.owner_id] if row.owner_id else [])}
    return ExperimentRow(
        row.pk, row.title, row.description, row.uploader, row.user_folder, row.group_folder,
        row.created_by_id, row.created_at, tuple(sorted(owners)),
    )  # fmt: skip


def owner_of(experiment: int) -> int | None:
    """The user whose folder the experiment is; None when there is none."""
    return Experiment.objects.filter(pk=experiment).values_list("owner", flat=True).first()


def are_experiments(groups: Sequence[int]) -> set[int]:
    """Those of the groups that uploading programs made as experiments."""
    return set(Experiment.objects.filter(pk__in=groups).values_list("pk", flat=True))
