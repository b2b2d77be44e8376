"""The administrators of a group that nears its end get a letter, and nobody else."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.core import mail

from lagan.hub.accounts import post
from lagan.hub.accounts import services as accounts
from lagan.hub.audit.models import Event
from lagan.hub.audit.queries import as_row
from lagan.hub.base.actors import SYSTEM
from lagan.hub.datasets import quota_letters, quotas
from lagan.hub.tree import services as tree


@pytest.fixture
def warned(stage, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    settings.EMAIL_HOST = "localhost"
    settings.CONFIG = replace(settings.CONFIG, address="https://hub.example.org")
    for name in ("olga", "mats", "sten"):
        accounts.change_user(by=SYSTEM, username=name, email=f"{name}@example.org")
    role = tree.create_entity(by=SYSTEM, type="GROUP", name="IFY_adm", parent=stage.group)
    tree.add_member(by=SYSTEM, member=stage.owner.entity, group=role.pk)
    tree.set_grants(by=SYSTEM, subject=role.pk, object=stage.group, grant={"GROUP_CHANGE"})
    tree.set_grants(by=SYSTEM, subject=stage.mate.entity, object=stage.group, grant={"GROUP_READ"})
    quotas.set_quota(by=SYSTEM, group=stage.group, bytes=65, files=None)
    quota_letters.ask([as_row(each) for each in Event.objects.filter(kind="quota.warned")])
    return stage


def test_only_administrators_are_written_to(warned):
    assert quota_letters.administrators(warned.group) == [warned.owner.entity]
    post.deliver()
    (letter,) = mail.outbox
    assert letter.to == ["olga@example.org"]
    assert "more than 90 % of its quota" in letter.body
    assert f"https://hub.example.org/quotas/{warned.group}/" in letter.body


def test_what_is_over_before_the_letter_leaves_is_not_told(warned):
    quotas.set_quota(by=SYSTEM, group=warned.group, bytes=10_000, files=None)
    post.deliver()
    assert mail.outbox == []


def test_a_full_quota_says_that_files_are_refused(warned):
    row = quotas.set_quota(by=SYSTEM, group=warned.group, bytes=60, files=None)
    assert "New files are refused" in quota_letters.body(row)
    assert "60 of 60 bytes" in quota_letters.body(row)
