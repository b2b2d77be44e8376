"""`lagan permission`: who may do what, set it, and ask why and who."""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lagan.client.permissions import Permissions

_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
_SUBJECT = click.option("--subject", help="A user or group; default: yourself.")
_PATH = click.Path(path_type=Path)
_KIND = click.option(
    "--kind", type=click.Choice(["research", "lab"]), default="research", show_default=True
)


@click.group()
@click.option("--url", envvar="LAGAN_URL", help="The hub's address (or LAGAN_URL).")
@click.option(
    "--api-key", envvar="LAGAN_API_KEY", help="A client key; better in LAGAN_API_KEY or --config."
)
@click.option("--config", type=_PATH, help="Default: ~/.config/lagan/client.conf.")
@click.pass_context
def permission(
    ctx: click.Context, url: str | None, api_key: str | None, config: Path | None
) -> None:
    """Who may do what. ENTITY and SUBJECT are ids, or full paths as /root/NTNU/NV."""
    ctx.obj = (url, api_key, config)


@permission.command("list")
@_JSON
@click.pass_context
def list_(ctx: click.Context, as_json: bool) -> None:
    """Every permission and what it allows."""
    with _permissions(ctx) as asked:
        for row in asked.meanings():
            _say(row, as_json, f"{row['permission']}\t{row['meaning']}")


@permission.command()
@click.argument("entity")
@_SUBJECT
@click.option("--all", "every", is_flag=True, help="Those as well that the subject lacks.")
@_JSON
@click.pass_context
def show(ctx: click.Context, entity: str, subject: str | None, every: bool, as_json: bool) -> None:
    """What SUBJECT inherits, is denied, is granted and effectively may at ENTITY."""
    with _permissions(ctx) as asked:
        place = asked.entity(entity)
        about = asked.entity(subject) if subject is not None else asked.me()
        for row in asked.show(place, about):
            marks = [each for each in _COLUMNS if row[each]]
            if marks or every:
                _say(row, as_json, f"{row['permission']}\t{' '.join(marks)}")


_COLUMNS = ("inherited", "deny", "grant", "effective")


@permission.command("set")
@click.argument("entity")
@click.argument("subject")
@click.option("--grant", multiple=True, help="Grant this; repeat for several.")
@click.option("--deny", multiple=True, help="Deny this; repeat for several.")
@click.option("--clear", multiple=True, help="Neither grant nor deny this any more.")
@_JSON
@click.pass_context
def set_(
    ctx: click.Context,
    entity: str,
    subject: str,
    grant: tuple[str, ...],
    deny: tuple[str, ...],
    clear: tuple[str, ...],
    as_json: bool,
) -> None:
    """Change what SUBJECT is granted and denied at ENTITY; what is not named stays."""
    if not (grant or deny or clear):
        raise click.UsageError("Say what to --grant, --deny or --clear.")
    with _permissions(ctx) as asked:
        place, about = asked.entity(entity), asked.entity(subject)
        own = next((each for each in asked.subjects(place) if each["entity"]["id"] == about), None)
        before = {each: set(own[each]) if own else set() for each in ("grant", "deny")}
        after = {
            "grant": (before["grant"] - set(clear)) | set(grant),
            "deny": (before["deny"] - set(clear)) | set(deny),
        }
        asked.set(place, about, after["grant"], after["deny"])
        granted, denied = sorted(after["grant"]), sorted(after["deny"])
        told = {"entity": place, "subject": about, "grant": granted, "deny": denied}
        words = [*(f"+{each}" for each in granted), *(f"-{each}" for each in denied)]
        _say(told, as_json, " ".join(words) or "nothing")


@permission.command()
@click.argument("entity")
@click.argument("name", metavar="PERMISSION")
@_SUBJECT
@_JSON
@click.pass_context
def why(ctx: click.Context, entity: str, name: str, subject: str | None, as_json: bool) -> None:
    """Why SUBJECT may or may not: every chain of roles and where it was granted or denied."""
    with _permissions(ctx) as asked:
        about = asked.entity(subject) if subject is not None else None
        told = asked.why(asked.entity(entity), name, about)
    if as_json:
        _say(told, True, "")
        return
    click.echo("yes" if told["holds"] else "no")
    for kind in ("granting", "stopped", "denied"):
        for chain in told[kind]:
            click.echo(_chain(told["subject"], chain))


@permission.command()
@click.argument("entity")
@click.argument("name", metavar="PERMISSION")
@click.option("--groups", is_flag=True, help="Groups instead of users.")
@_JSON
@click.pass_context
def who(ctx: click.Context, entity: str, name: str, groups: bool, as_json: bool) -> None:
    """Who holds PERMISSION at ENTITY and through which roles, as far as you see them."""
    with _permissions(ctx) as asked:
        for row in asked.who(asked.entity(entity), name, "GROUP" if groups else "USER"):
            roles = ", ".join(_name(each) for each in row["roles"])
            _say(row, as_json, f"{_name(row['entity'])}\t{roles}")


@permission.command()
@click.argument("entity", required=False)
@_JSON
@click.pass_context
def roles(ctx: click.Context, entity: str | None, as_json: bool) -> None:
    """All roles of ENTITY (of yourself without), and through what it holds each."""
    with _permissions(ctx) as asked:
        found = asked.roles(asked.entity(entity) if entity is not None else asked.me())
        for row in found:
            way = _way(found[0]["entity"], row["steps"])
            _say(row, as_json, f"{_name(row['entity'])}\t{way}")


@permission.command()
@click.argument("group")
@click.option("--add", multiple=True, help="Make this entity a member; repeat for several.")
@click.option("--remove", multiple=True, help="End the membership of this entity.")
@_JSON
@click.pass_context
def members(
    ctx: click.Context, group: str, add: tuple[str, ...], remove: tuple[str, ...], as_json: bool
) -> None:
    """The members of GROUP, after adding and removing some."""
    with _permissions(ctx) as asked:
        place = asked.entity(group)
        for each in add:
            asked.add_member(place, asked.entity(each))
        for each in remove:
            asked.remove_member(place, asked.entity(each))
        for row in asked.members(place):
            _say(row, as_json, f"{row['id']}\t{row['path']}")


@permission.command("make-roles")
@click.argument("group")
@_KIND
@_JSON
@click.pass_context
def make_roles(ctx: click.Context, group: str, kind: str, as_json: bool) -> None:
    """Make the role groups of GROUP in one step, granted what is recommended for each."""
    with _permissions(ctx) as asked:
        _say_made(asked.make_roles(asked.entity(group), kind), as_json)


@permission.command("make-group")
@click.argument("department")
@click.argument("name")
@_KIND
@_JSON
@click.pass_context
def make_group(ctx: click.Context, department: str, name: str, kind: str, as_json: bool) -> None:
    """Make a research group or a lab of DEPARTMENT with its role groups in one step."""
    with _permissions(ctx) as asked:
        _say_made(asked.make_group(asked.entity(department), name, kind), as_json)


@contextmanager
def _permissions(ctx: click.Context) -> Iterator[Permissions]:
    from lagan.client.config import open_hub

    url, api_key, config = ctx.obj
    hub = open_hub(url, api_key, config)
    try:
        yield hub.permissions
    finally:
        hub.close()


def _say_made(made: dict[str, Any], as_json: bool) -> None:
    rows = [made["group"], *made["roles"].values()]
    if as_json:
        _say(made, True, "")
        return
    for row in rows:
        click.echo(f"{row['id']}\t{row['path']}")


def _chain(subject: dict[str, Any], chain: dict[str, Any]) -> str:
    ends = [
        f"{words} {_name(chain[each])}"
        for each, words in (("granted_at", "granted at"), ("denied_at", "denied at"))
        if chain[each]
    ]
    return f"{_way(subject, chain['steps'])}: {', '.join(ends)}"


def _way(start: dict[str, Any], steps: Iterable[dict[str, Any]]) -> str:
    words = {"member": "member of", "parent": "in"}
    links = [f"{words[each['link']]} {_name(each['entity'])}" for each in steps]
    return ", ".join([_name(start), *links])


def _name(entity: dict[str, Any]) -> str:
    return entity["name"] or f"({entity['type'].lower()} you may not see)"


def _say(row: dict[str, Any], as_json: bool, words: str) -> None:
    click.echo(json.dumps(row, ensure_ascii=False) if as_json else words)
