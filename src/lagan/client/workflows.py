"""Workflows as Python calls: which there are, run one on paths of a site."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from lagan.kit.errors import BadInput, NotFound
from lagan.kit.http import Http

Row = dict[str, Any]

SUBMIT_PATIENCE = 120.0
"""Seconds for a submission's answer: a million paths are checked before anything runs."""

_BOOLEANS = {"true": True, "yes": True, "false": False, "no": False}


class Workflows:
    """The workflows of one hub."""

    def __init__(self, http: Http, numbered: Callable[[str, Row], Iterator[Row]]) -> None:
        self._http, self._numbered = http, numbered

    def all(self) -> Iterator[Row]:
        """Every workflow: `id`, `name`, `label`, `icon`, `steps`, `fields`."""
        return self._numbered("api/workflows/", {})

    def named(self, name: str) -> Row:
        """The workflow of that name. NotFound names those that there are."""
        rows = list(self.all())
        for row in rows:
            if row["name"] == name:
                return row
        known = ", ".join(row["name"] for row in rows) or "none"
        raise NotFound(f"There is no workflow {name!r}; there are {known}.", workflow=name)

    def run(
        self, workflow: str, site: str, paths: Sequence[str], *, discovery: str | None = None,
        fields: Mapping[str, Any] | None = None, filters: Mapping[str, Any] | None = None,
        job: int | None = None, grouped: bool = False,
    ) -> int:  # fmt: skip
        """Run a workflow on `paths` (absolute; surrogates stand for undecodable bytes); the job's
        number.

        `discovery` None takes the paths as they are. `job` adds to a job that is open; `grouped`
        to the one of this site and hour. Nothing is tried twice: a refusal of any kind may be
        repeated by whoever asked.
        """
        given = wanted(workflow, site, paths, discovery, fields, filters)
        more: Row = {"job": job} if job is not None else {}
        more |= {"grouped": True} if grouped else {}
        return int(self._submit("api/file/workflow/", given | more)["job"])

    def preview(self, given: Row) -> list[Row]:
        """What would run where: `step`, `site` and `args` of each stage. `given` as `wanted` makes
        it."""
        return list(self._submit("api/file/workflow/preview/", given)["stages"])

    def _submit(self, path: str, given: Row) -> Row:
        with self._http.request("POST", path, json=given, patience=SUBMIT_PATIENCE) as answer:
            return dict(answer.json())


def wanted(
    workflow: str, site: str, paths: Sequence[str], discovery: str | None = None,
    fields: Mapping[str, Any] | None = None, filters: Mapping[str, Any] | None = None,
) -> Row:  # fmt: skip
    """What the hub is asked to run, now or by a schedule."""
    given: Row = {
        "workflow": workflow, "site": site, "paths": list(paths), "discovery": discovery,
    }  # fmt: skip
    given |= {"fields": dict(fields)} if fields else {}
    return given | ({"filters": dict(filters)} if filters else {})


def absolute(paths: Iterable[str]) -> list[str]:
    """The paths as a site knows them, from this folder where they are relative, each once."""
    return list(dict.fromkeys("/" + os.path.abspath(each).lstrip("/") for each in paths))  # noqa: PTH100


def typed(fields: Sequence[Mapping[str, Any]], given: Mapping[str, str]) -> Row:
    """Values of a workflow's fields as their types want them; what it has no field for is left for
    the hub to refuse. BadInput names the field."""
    kinds = {str(each["name"]): str(each.get("type", "string")) for each in fields}
    return {name: _typed(name, text, kinds.get(name, "string")) for name, text in given.items()}


def _typed(name: str, text: str, kind: str) -> Any:
    if kind == "bool":
        if text.lower() not in _BOOLEANS:
            raise BadInput(f"The field {name} is true, false, yes or no, not {text!r}.", field=name)
        return _BOOLEANS[text.lower()]
    if kind == "int":
        try:
            return int(text)
        except ValueError:
            raise BadInput(
                f"The field {name} is a whole number, not {text!r}.", field=name
            ) from None
    return text
