"""What every page must be in whatever look: nothing on the console, nothing refused by the policy,
no host but ours, nothing wider than the screen, and no violation of axe-core's rules (WCAG 2 A and
AA among them)."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from axe_playwright_python.sync_playwright import Axe

from tests.browser.conftest import Visit

_LOAD_RULES = f"() => {{ {Axe().axe_script} }}"
_VIOLATIONS = """() => axe.run({resultTypes: ["violations"]}).then(
  found => found.violations.map(each => [each.id, each.nodes[0].html]))"""
# Colours on their way from one look to the other are no look's colours.
_ARRIVE = """() => document.getAnimations().filter(each => each instanceof CSSTransition)
  .forEach(each => each.finish())"""


@dataclass(frozen=True, slots=True)
class Look:
    """How somebody looks at a page: the colours that they prefer, the width in pixels."""

    scheme: Literal["light", "dark"]
    width: int

    def __str__(self) -> str:
        return f"{self.scheme}-{self.width}"


LOOKS = [Look(scheme, width) for width in (1280, 390) for scheme in ("light", "dark")]
TWO = (Look("light", 1280), Look("dark", 390))
"""Colours and widths are styles that do not know of each other: these two have all of both."""


def judge(
    visit: Visit, name: str, *, looks: Sequence[Look] = TWO, ignored: str | None = None
) -> None:
    """The page that is open, in each look. Complaints with `ignored` in them do not count."""
    for look in looks:
        visit.page.emulate_media(color_scheme=look.scheme)
        visit.page.set_viewport_size(
            {"width": look.width, "height": 844 if look.width < 600 else 800}
        )
        visit.page.evaluate(_ARRIVE)
        _picture(visit, f"{name}-{look}")
        if not visit.page.evaluate("'axe' in window"):
            visit.page.evaluate(_LOAD_RULES)
        assert visit.page.evaluate(_VIOLATIONS) == [], f"{name} {look}"
        wide = "document.documentElement.scrollWidth <= innerWidth"
        assert visit.page.evaluate(wide), f"{name} {look}"
    assert visit.policy_reports() == [], name
    assert [each for each in visit.complaints if not ignored or ignored not in each] == [], name


def _picture(visit: Visit, name: str) -> None:
    """Where somebody wants to look at the pages, LAGAN_SHOTS names a folder."""
    if folder := os.environ.get("LAGAN_SHOTS"):
        visit.page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)
