"""`lagan audit`: prove that the record is whole, here or from a file, and hand it out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lagan.cli.worker import start_django
from lagan.kit.errors import Conflict, Unavailable

if TYPE_CHECKING:
    from lagan.hub.evidence.jws import Jwk

FILE = click.Path(dir_okay=False, path_type=Path)


@click.group()
def audit() -> None:
    """Verify and export the record of events."""


@audit.command()
@click.argument("file", type=FILE, required=False)
@click.option("--key", type=FILE, help="The hub's public keys, for FILE: JWK set, JWK or PEM.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def verify(file: Path | None, key: Path | None, as_json: bool) -> None:
    """Look for the first event that was altered, removed or inserted; exit status 6 when there is
    one. With FILE, an export is looked at, here, without the hub; else the hub's record, also
    against the anchors on its volumes."""
    if file is not None:
        _verify_file(file, key, as_json)
        return
    start_django()
    from lagan.hub.audit import queries
    from lagan.hub.evidence.anchored import check_anchors

    found, (sequence, digest), anchors = queries.verify(), queries.head(), check_anchors()
    whole = not found and not anchors.disagreement
    if as_json:
        facts = {"whole": whole, "events": sequence, "head": digest, "break": _shown(found)}
        click.echo(json.dumps(facts | {"anchors": anchors.as_json()}))
    elif whole:
        click.echo(f"The record is whole: {sequence} events, up to {digest}.")
    if not as_json:
        _tell_anchors(anchors)
    if found:
        raise Conflict(f"The record is broken: event {found.sequence} was {found.harm}.")
    if anchors.disagreement:
        raise Conflict(_disagreement(anchors.disagreement))


def _tell_anchors(anchors: Any) -> None:
    places = ", ".join(anchors.volumes) or "no volume"
    click.echo(f"{anchors.checked} anchors on {places} were compared with it.")
    for line in anchors.damaged:
        click.echo(f"An anchor cannot be read: {line}.", err=True)
    for volume in anchors.away:
        click.echo(f"The anchors of the volume {volume} cannot be read now.", err=True)
    if anchors.set_aside and anchors.since:
        row = anchors.since
        click.echo(
            f"{anchors.set_aside} older anchors disagree and were set aside on"
            f" {row.at:%Y-%m-%d %H:%M} by {row.actor or 'nobody'} ({row.kind})."
        )


def _disagreement(found: Any) -> str:
    places = f"the anchor of {found.at:%Y-%m-%d %H:%M:%S} UTC on {', '.join(found.volumes)}"
    if found.against == "cut":
        return f"The record was cut off after event {found.after}: {places} knows {found.sequence}."
    if found.against == "forged":
        return f"An anchor is not the hub's own: {places}, about event {found.sequence}."
    return (
        f"The record was rewritten after event {found.after}, at the latest at event"
        f" {found.sequence}: {places} says so."
    )


def _verify_file(file: Path, key: Path | None, as_json: bool) -> None:
    from lagan.hub.evidence.parts import judge

    trusted = _keys(key)
    try:
        with file.open("rb") as lines:
            verdict = judge(lines, trusted)
    except OSError as error:
        raise Unavailable(f"Cannot read {file}: {error.strerror}.") from None
    broken, head = verdict.broken, verdict.head
    if as_json:
        facts: dict[str, Any] = {"whole": not broken, "events": verdict.events}
        facts |= {"head": {"sequence": head[0], "hash": head[1]}, "keys": sorted(verdict.keys)}
        click.echo(json.dumps(facts | {"break": _shown(broken), "reason": verdict.reason}))
    elif not broken:
        click.echo(f"The export is whole: {verdict.events} events; the record's head was then")
        click.echo(f"event {head[0]}, {head[1]}.")
        _tell_keys(verdict.keys, trusted)
    if broken:
        raise Conflict(
            f"The export is broken: event {broken.sequence} was {broken.harm} ({verdict.reason})."
        )


def _tell_keys(names: set[str], trusted: dict[str, Jwk] | None) -> None:
    word = "Signed by" if trusted is not None else "Signed by a key that nobody vouches for here:"
    for name in sorted(names):
        click.echo(f"{word} {name}")


def _keys(path: Path | None) -> dict[str, Jwk] | None:
    from lagan.hub.evidence.jws import read_keys

    if path is None:
        return None
    try:
        return read_keys(path.read_bytes())
    except OSError as error:
        raise Unavailable(f"Cannot read {path}: {error.strerror}.") from None


def _shown(found: Any) -> dict[str, Any] | None:
    if not found:
        return None
    return {"harm": found.harm, "sequence": found.sequence, "event": found.event}


@audit.command()
@click.option("--json", "as_json", is_flag=True, help="JSON lines that prove themselves.")
@click.option("--premis", "as_premis", is_flag=True, help="PREMIS 3.0 in XML, up to 10,000 events.")
@click.option("--after", default=0, help="With --premis: from behind the event of this number.")
@click.option("--files", default="", help="With --premis and --subject: what it is (package).")
@click.option("--to", "target", type=FILE, help="Write JSON lines to a file, or go on with one.")
@click.option("--who", default="", help="Only what this actor did: a name, or an entity's id.")
@click.option("--kind", default="", help="Only this kind (dataset.closed) or thing (dataset.).")
@click.option("--subject", default="", help="Only what happened to the entity with this id.")
@click.option("--since", default="", help="From this time on (ISO 8601).")
@click.option("--until", default="", help="Before this time.")
@click.option("--result", default="", help="Only events with this result.")
def export(
    as_json: bool,
    as_premis: bool,
    after: int,
    files: str,
    target: Path | None,
    **filters: str,
) -> None:
    """Print every sealed event in order, or those that were asked for. As JSON lines it can be
    verified anywhere (`lagan audit verify FILE`)."""
    start_django()
    from lagan.hub.audit import queries as record
    from lagan.hub.base.actors import SYSTEM
    from lagan.hub.evidence import queries

    asked = record.asked(filters)
    if target is not None:
        from lagan.hub.evidence.writing import write_export

        added = write_export(
            target, lambda after: queries.export(SYSTEM, asked, after=after), asked.as_json()
        )
        click.echo(f"{added} events were added to {target}.")
    elif as_premis:
        for piece in queries.premis(SYSTEM, asked, after=after, files=files):
            click.echo(piece, nl=False)
    elif as_json:
        for line in queries.everything(SYSTEM, asked):
            click.echo(line, nl=False)
    else:
        _print(asked)


def _print(asked: Any) -> None:
    from lagan.hub.audit import queries as record
    from lagan.hub.audit.asking import EVERYTHING

    (head, digest), count = record.head(), 0
    for each in record.sealed(EVERYTHING, asked, after=0, upto=head):
        row, count = each.row, count + 1
        by = row.actor or "nobody"
        click.echo(f"{row.sequence} {row.at:%Y-%m-%d %H:%M:%S} {row.kind} by {by}: {row.result}")
    click.echo(f"{count} events; the record's head is event {head}, {digest}")


@audit.command()
def anchor() -> None:
    """Write the head of the record to every volume now; the scheduler does it every hour."""
    start_django()
    from lagan.hub.evidence import services

    taken = services.anchor()
    if not taken:
        raise Unavailable("No volume took the anchor.")
    click.echo(f"Anchored on {', '.join(taken)}.")


@audit.command("set-aside")
@click.option("--reason", required=True, help="Why; it stays in the record.")
def set_aside(reason: str) -> None:
    """After an older database was put back: anchors written until now may disagree."""
    start_django()
    from lagan.hub.base.actors import SYSTEM
    from lagan.hub.evidence import services

    services.set_anchors_aside(by=SYSTEM, reason=reason)
    click.echo("Older anchors are set aside; `lagan audit verify` will say so.")


@audit.command()
def key() -> None:
    """Print the hub's public keys (a JWK set), for whoever verifies without the hub."""
    start_django()
    from lagan.hub.evidence import queries

    found = queries.public_keys().items()
    click.echo(json.dumps({"keys": [{"kid": name, **each} for name, each in found]}, indent=2))


@audit.group()
def certificate() -> None:
    """Signed certificates of what is kept."""


@certificate.command("make")
@click.argument("id", type=int)
@click.option("--kind", default="dataset", show_default=True, help="What ID is.")
@click.option("--folder", default="", help="Only this folder of it.")
@click.option("--to", "target", type=FILE, required=True, help="A new file: .json or .pdf.")
def make(id: int, kind: str, folder: str, target: Path) -> None:
    """Certify what is kept of the dataset ID: files, digests, copies, when each was last seen."""
    start_django()
    from lagan.hub.base.actors import SYSTEM
    from lagan.hub.evidence.certificate import as_text, make_certificate
    from lagan.hub.evidence.jws import check
    from lagan.hub.evidence.paper import as_pdf

    if target.suffix not in (".json", ".pdf"):
        raise click.UsageError("--to names a file that ends in .json or .pdf.")
    made = make_certificate(by=SYSTEM, kind=kind, id=id, folder=folder)
    data, signer = as_text(made), check(made["jws"], made["certificate"])
    try:
        with target.open("xb") as file:
            file.write(as_pdf(made, data, signer) if target.suffix == ".pdf" else data)
    except OSError as error:
        raise Unavailable(f"Cannot write {target}: {error.strerror}.") from None
    click.echo(f"{target}: {made['certificate']['totals']['files']} files, signed by {signer}")


@certificate.command("verify")
@click.argument("file", type=FILE)
@click.option("--key", type=FILE, help="The hub's public keys: JWK set, JWK or PEM.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def verify_certificate(file: Path, key: Path | None, as_json: bool) -> None:
    """Look whether the certificate FILE (JSON or PDF) is as the hub signed it, here, without the
    hub; exit status 6 when it is not."""
    from lagan.hub.evidence.verifying import verify_certificate as judge

    trusted = _keys(key)
    try:
        judged = judge(file.read_bytes(), trusted)
    except OSError as error:
        raise Unavailable(f"Cannot read {file}: {error.strerror}.") from None
    value = judged.certificate
    about, totals = value["about"], value["totals"]
    if as_json:
        facts = {"whole": True, "key": judged.key, "trusted": trusted is not None}
        facts |= {"made": value["made"], "about": about, "totals": totals}
        click.echo(json.dumps(facts))
        return
    click.echo(
        f"As it was signed on {value['made']}: {about['kind']} {about['id']},"
        f" {totals['files']} files, {totals['good_copies']} of {totals['copies']} copies good."
    )
    _tell_keys({judged.key}, trusted)
