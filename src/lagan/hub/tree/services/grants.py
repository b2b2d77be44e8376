"""What a subject is granted and denied at an entity."""

from __future__ import annotations

from collections.abc import Collection

from django.db import transaction

from lagan.hub.audit.kinds import Kind
from lagan.hub.audit.services import record
from lagan.hub.base import bulk
from lagan.hub.base.actors import Actor
from lagan.hub.tree import queries
from lagan.hub.tree.models import Grant
from lagan.hub.tree.permissions import Permission, known_permission, permission_to
from lagan.hub.tree.services.sight import existing, locked, require
from lagan.kit.errors import Forbidden


@transaction.atomic
def set_grants(
    *, by: Actor, subject: int, object: int, grant: Collection[str] = (), deny: Collection[str] = ()
) -> None:
    """Make `grant` and `deny` all that the subject has of its own at the object; needs
    `<type>_PERM_SET` there, and nobody changes a permission there that they do not hold
    themselves."""
    wanted = {(known_permission(each), False) for each in grant} | {
        (known_permission(each), True) for each in deny
    }
    kind = existing(object).type
    require(actor=by, permission=permission_to("PERM_SET", kind), entity=object)
    locked(object)
    existing(subject)
    rows = Grant.objects.filter(subject=subject, object=object)
    present = {
        (Permission(permission), denied)
        for permission, denied in rows.values_list("permission", "deny")
    }
    if wanted == present:
        return
    changed = {permission for permission, _ in wanted ^ present}
    if lacking := changed - queries.permissions_on(by, object):
        raise Forbidden(
            f"Nobody gives or denies what they do not hold: {', '.join(sorted(lacking))}.",
            permissions=sorted(lacking),
        )
    for permission, denied in present - wanted:
        rows.filter(permission=permission, deny=denied).delete()
    insert_grants(subject, object, wanted - present)
    data = {"subject": subject, "grant": sorted(set(grant)), "deny": sorted(set(deny))}
    record(kind=Kind.GRANTS_SET, by=by, subject=object, data=data)


def insert_grants(subject: int, object: int, marks: Collection[tuple[Permission, bool]]) -> None:
    """Marks of a subject at an object: permission, and whether it is denied."""
    rows = [(subject, object, str(permission), denied) for permission, denied in sorted(marks)]
    bulk.insert(Grant, rows, ["subject", "object", "permission", "deny"])
