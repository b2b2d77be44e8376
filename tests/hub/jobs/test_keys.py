"""A site's key is shown once, opens its own site only, and nothing once it was revoked."""

from __future__ import annotations

import pytest

from lagan.hub.audit.models import Event
from lagan.hub.base.actors import SYSTEM, Actor
from lagan.hub.jobs.keys import make_site_key, revoke_site_key, site_keys, site_of
from lagan.hub.jobs.models import Site, SiteKey
from lagan.hub.jobs.services import ensure_site
from lagan.kit.errors import BadInput, Forbidden, NotFound, NotSignedIn


def test_a_key_names_its_site_and_is_kept_hashed(site: Site) -> None:
    key, text = make_site_key(site="lab", name=" first worker ", by=SYSTEM)
    assert site_of(text) == {"lab"}
    assert key.name == "first worker"
    assert text.split("_", 2)[2] not in "".join(str(value) for value in vars(key).values())
    assert SiteKey.objects.get().used is not None
    assert [each.pk for each in site_keys("lab")] == [key.pk]


def test_several_keys_together_name_several_sites(site: Site) -> None:
    ensure_site(name="plant")
    texts = [make_site_key(site=name, name="k", by=SYSTEM)[1] for name in ("lab", "plant")]
    assert site_of(" ".join(texts)) == {"lab", "plant"}
    with pytest.raises(NotSignedIn):
        site_of(f"{texts[0]} {texts[1][:-1]}x")


@pytest.mark.parametrize(
    "text", ["", " ", "x", "lgs_short_key", "lgs_" + "a" * 12 + "_" + "b" * 43]
)
def test_what_is_no_key_is_refused(site: Site, text: str) -> None:
    with pytest.raises(NotSignedIn):
        site_of(text)


def test_a_revoked_key_opens_nothing(site: Site) -> None:
    key, text = make_site_key(site="lab", name="k", by=SYSTEM)
    revoke_site_key(key=key.pk, by=SYSTEM)
    with pytest.raises(NotSignedIn):
        site_of(text)
    with pytest.raises(NotFound):
        revoke_site_key(key=key.pk, by=SYSTEM)
    kinds = Event.objects.filter(kind__startswith="site-key.").values_list("kind", flat=True)
    assert sorted(kinds) == ["site-key.created", "site-key.revoked"]


def test_keys_are_an_administrators(site: Site, owner: Actor, stranger: Actor) -> None:
    key, _ = make_site_key(site="lab", name="k", by=SYSTEM)
    for person in (owner, stranger):
        with pytest.raises(Forbidden):
            make_site_key(site="lab", name="k", by=person)
        with pytest.raises(Forbidden):
            revoke_site_key(key=key.pk, by=person)


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "x" * 201])
def test_a_key_has_a_name(site: Site, name: str) -> None:
    with pytest.raises(BadInput, match="name"):
        make_site_key(site="lab", name=name, by=SYSTEM)
    with pytest.raises(NotFound, match="plant"):
        make_site_key(site="plant", name="k", by=SYSTEM)
