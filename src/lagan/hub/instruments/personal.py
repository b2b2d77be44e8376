"""What instruments keep about a person: the uploaders that their account registered, with whom
to ask about them, and experiments that were made for their folder."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Q

from lagan.hub.accounts.personal import Part, Row, register_personal
from lagan.hub.instruments.models import Experiment, Registration, Uploader

_CONTACT = ("contact_name", "contact_email", "os_username", "default_user")


def register() -> None:
    """Tell them to the accounts room."""
    for part in (
        Part(
            "uploaders", "Uploaders that one's account registered", uploaders, forget_uploaders,
            order=320,
        ),
        Part(
            "experiments", "Experiments made for one's folder", experiments, forget_experiments,
            order=330,
        ),
    ):  # fmt: skip
        register_personal(part)


def uploaders(entity: int) -> Iterator[Row]:
    """The records, with who is named in them."""
    for row in Uploader.objects.filter(creator=entity).order_by("id"):
        contact = {name: row.facts[name] for name in _CONTACT if name in row.facts}
        asked = row.registrations.order_by("id").values("requester_name", "requester_email")
        yield {"id": row.pk, "name": row.name, **contact, "registrations": list(asked)}


def forget_uploaders(entity: int) -> None:
    """The records stay, without who is named in them."""
    for row in Uploader.objects.filter(creator=entity):
        row.facts = {name: value for name, value in row.facts.items() if name not in _CONTACT}
        row.save(update_fields=["facts"])
    wishes = Registration.objects.filter(uploader__creator=entity)
    wishes.update(requester_name="", requester_email="")


def experiments(entity: int) -> Iterator[Row]:
    """Those for the person's folder, and those that the person's account made."""
    rows = Experiment.objects.filter(Q(owner=entity) | Q(created_by=entity)).order_by("pk")
    return iter(rows.values("pk", "title", "description", "user_folder", "created_at").iterator())


def forget_experiments(entity: int) -> None:
    """They stay as what their group is called; whose folder it was is forgotten."""
    rows = Experiment.objects.filter(owner=entity)
    rows.update(user_folder=f"removed-{entity}", description="", owner=None)
