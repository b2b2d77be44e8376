"""`lagan hub`: administration of an installed hub, with its settings in an env file."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from lagan.hub.base.config import Config

DEFAULT_CONFIG = Path("/etc/sysconfig/lagan")
FILE = click.Path(dir_okay=False, path_type=Path)
FOLDER = click.Path(file_okay=False, path_type=Path)


def _where(command: Callable[..., Any]) -> Callable[..., Any]:
    """--config and --data, which may stand before or after the name of the command."""
    config = click.option(
        "--config", type=FILE, help=f"Env file with the settings. Default: {DEFAULT_CONFIG}."
    )
    data = click.option("--data", type=FOLDER, help="Data folder, for a hub that `lagan up` runs.")
    return config(data(command))


@click.group()
@_where
@click.pass_context
def hub(context: click.Context, config: Path | None, data: Path | None) -> None:
    """Administer an installed hub."""
    context.obj = (config, data)


def _settings(config: Path | None, data: Path | None, *, django: bool = True) -> Config:
    """Read the settings that were named, those of /etc if there are any, else the environment."""
    from lagan.hub.ops.settings import set_up_django, use_settings

    outer = click.get_current_context().obj or (None, None)
    config, data = config or outer[0], data or outer[1]
    if config is None and data is None and DEFAULT_CONFIG.exists():
        config = DEFAULT_CONFIG
    return (set_up_django if django else use_settings)(config, data=data)


@hub.command()
@_where
def createconfig(config: Path | None, data: Path | None) -> None:
    """Write a first env file, with secrets of its own."""
    from lagan.hub.ops.env_file import write_env_file

    outer = click.get_current_context().obj or (None, None)
    path = config or outer[0] or DEFAULT_CONFIG
    write_env_file(path, data=data or outer[1])
    click.echo(f"Wrote {path}; read it, then run `lagan hub migrate` and `lagan hub start`.")


@hub.command()
@_where
def migrate(config: Path | None, data: Path | None) -> None:
    """Bring the database to what this version needs. Safe to repeat."""
    _settings(config, data)
    from lagan.hub.ops.first_start import prepare_hub

    prepare_hub()
    click.echo("The database is up to date.")


@hub.command()
@click.option("--username", help="The name to sign in with; without it everything is asked for.")
@click.option("--password-file", type=FILE, help="A file with the password in its first line.")
@click.option("--email", default="", help="An address for notices.")
@click.option("--name", "full_name", default="", help="The full name.")
@click.option("--admin", is_flag=True, help="Make the user an administrator.")
@click.option("--send", is_flag=True, help="Mail the way to a first password to the user.")
@_where
def adduser(
    username: str | None,
    password_file: Path | None,
    email: str,
    full_name: str,
    admin: bool,
    send: bool,
    config: Path | None,
    data: Path | None,
) -> None:
    """Add a user. Without --username it asks for name, address and password, as one does for the
    first administrator. With it, and without a password, it prints the path of a page where the
    user sets one, or mails it with --send."""
    password = None if password_file is None else _first_line(password_file)
    _settings(config, data)
    from lagan.hub.accounts import services
    from lagan.hub.base.actors import SYSTEM

    if username is None:
        username, email, password, admin = _ask_who(email, password, admin)
    user = services.create_user(
        by=SYSTEM,
        username=username,
        email=email,
        full_name=full_name,
        password=password,
        admin=admin,
    )
    click.echo(f"Added {'administrator' if admin else 'user'} {username}.")
    if send and password is None:
        sent = services.send_first_password(by=SYSTEM, user=user)
        if sent is not None:
            click.echo(f"A letter leaves for {sent} as soon as the scheduler runs.")
            return
        click.echo("No letter can leave: there is no address or no mail server.", err=True)
    if password is None:
        link = services.make_password_link(user, by=SYSTEM)
        click.echo(f"The password is set at the hub's address followed by {link}")


def _ask_who(email: str, password: str | None, admin: bool) -> tuple[str, str, str, bool]:
    """Name, address, password and whether it is an administrator, as the terminal says."""
    try:
        username = click.prompt("Username")
        email = email or click.prompt("Email address", default="", show_default=False)
        if password is None:
            password = click.prompt("Password", hide_input=True, confirmation_prompt=True)
        admin = admin or click.confirm("Administrator?", default=True)
    except click.Abort:
        if sys.stdin.isatty():
            raise
        raise click.UsageError("Nobody answers here: give --username.") from None
    return username, email, password, admin


@hub.command()
@click.option("--username", required=True, help="Whose account it is.")
@click.option("--second-factor", is_flag=True, help="Take the second factor away as well.")
@_where
def unlock(username: str, second_factor: bool, config: Path | None, data: Path | None) -> None:
    """Let in who failed too often, or lost the second factor and has no administrator to ask."""
    _settings(config, data)
    from lagan.hub.accounts import services
    from lagan.hub.base.actors import SYSTEM

    services.unlock(by=SYSTEM, username=username)
    if second_factor:
        services.reset_factors(by=SYSTEM, username=username)
    click.echo(f"{username} can try again.")


def _first_line(path: Path) -> str:
    from lagan.kit.errors import BadInput

    try:
        lines = path.read_text().splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not text"
        raise BadInput(f"Cannot read the password file {path}: {reason}.") from None
    if not lines or not lines[0]:
        raise BadInput(f"The password file {path} has no first line.")
    return lines[0]


@hub.command()
@click.argument("name")
@click.option("--title", help="What people call it.")
@click.option("--limit", type=click.IntRange(1, 1000), help="Tasks that may run there at once.")
@click.option("--address", "addresses", multiple=True, help="A network address of it; repeat it.")
@click.option("--key", is_flag=True, help="Print a key for its workers, which is shown this once.")
@_where
def addsite(
    name: str,
    title: str | None,
    limit: int | None,
    addresses: tuple[str, ...],
    key: bool,
    config: Path | None,
    data: Path | None,
) -> None:
    """Add a site, or change what is named of one that there is."""
    _settings(config, data)
    from lagan.hub.base.actors import SYSTEM
    from lagan.hub.jobs import keys, services, sites
    from lagan.hub.jobs.rules import HUB

    given = {"title": title, "limit": limit, "addresses": list(addresses) or None}
    facts: dict[str, Any] = {field: said for field, said in given.items() if said is not None}
    known = sites.visible(SYSTEM).filter(name=name).first()
    if name == HUB:  # the hub's own work is no site of people's, but has a limit
        site = services.ensure_site(name=HUB, title=title or "", limit=limit)
    elif known is None:
        site = sites.add_site(by=SYSTEM, name=name, **facts)
    else:
        site = sites.change_site(by=SYSTEM, site=known.pk, **facts) if facts else known
    click.echo(f"Site {site.name} runs up to {site.limit} tasks at once.", err=key)
    if key:
        click.echo(keys.make_site_key(site=name, name="lagan hub addsite", by=SYSTEM)[1])


@hub.command()
@click.option("--json", "as_json", is_flag=True, help="Say it as one JSON object.")
@_where
def status(as_json: bool, config: Path | None, data: Path | None) -> None:
    """Say whether the hub runs and is well; exit status 10 when it is not. One that systemd or
    containers run is asked at LAGAN_ADDRESS."""
    settings = _settings(config, data)
    from lagan.hub.ops import health
    from lagan.hub.ops.background import pages_answer
    from lagan.hub.ops.data_folder import holder

    runs, checks = holder(settings.data), health.look()
    answers = runs is not None or pages_answer(settings.address)
    well = answers and all(check.well for check in checks)
    if as_json:
        facts = {
            "running": answers,
            "pid": runs and runs.pid,
            "address": runs.address if runs else settings.address if answers else None,
            "checks": [{"name": c.name, "well": c.well, "detail": c.detail} for c in checks],
        }
        click.echo(json.dumps(facts))
    else:
        elsewhere = f"answers at {settings.address}" if answers else "does not run here"
        click.echo(f"runs at {runs.address} (process {runs.pid})" if runs else elsewhere)
        for check in checks:
            click.echo(f"{'well  ' if check.well else 'UNWELL'} {check.name}: {check.detail}")
    sys.exit(0 if well else 10)


@hub.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8000, show_default=True, help="Port of the pages; 0: a free one.")
@_where
def start(host: str, port: int, config: Path | None, data: Path | None) -> None:
    """Start the hub's processes in the background, and wait until its pages answer."""
    settings = _settings(config, data, django=False)
    from lagan.hub.ops.background import start_in_background

    click.echo(f"The hub runs at {start_in_background(settings.data, host=host, port=port)}")


@hub.command()
@_where
def stop(config: Path | None, data: Path | None) -> None:
    """End the hub that runs with this data folder; its tasks go on at the next start."""
    settings = _settings(config, data, django=False)
    from lagan.hub.ops.background import stop_holder

    click.echo("The hub has ended." if stop_holder(settings.data) else "No hub runs here.")


@hub.command()
@_where
def dbshell(config: Path | None, data: Path | None) -> None:
    """Open the database's own command line (psql or sqlite3)."""
    _settings(config, data)
    from django.core.management import CommandError, call_command

    from lagan.kit.errors import Unavailable

    try:
        call_command("dbshell")
    except CommandError as error:
        raise Unavailable(str(error)) from None


@hub.command()
@click.argument("folder", type=FOLDER)
@_where
def backup(folder: Path, config: Path | None, data: Path | None) -> None:
    """Write the database and the secret key into FOLDER, which is made. The hub may run."""
    settings = _settings(config, data)
    from lagan.hub.ops.backup import anchor_record, back_up

    anchor_record(settings)
    about = back_up(settings, folder.absolute())
    click.echo(f"The {about['database']} database is in {folder}; keep it as secret as the hub.")


@hub.command()
@click.argument("folder", type=FOLDER)
@_where
def restore(folder: Path, config: Path | None, data: Path | None) -> None:
    """Put the backup in FOLDER where the settings have no database yet, and bring it up to date."""
    settings = _settings(config, data, django=False)
    from lagan.hub.ops import backup

    about = backup.restore(settings, folder.absolute())
    _settings(config, data)
    from lagan.hub.ops.first_start import prepare_hub

    prepare_hub()
    click.echo(f"The database is as it was at {about['made']}; `lagan hub start` starts the hub.")


@hub.command()
@click.option("--json", "as_json", is_flag=True, help="Say it as one JSON object.")
@_where
def check(as_json: bool, config: Path | None, data: Path | None) -> None:
    """Check settings, database, volumes and broker before the hub is started; exit status 10 when
    something is wrong."""
    _settings(config, data)
    from lagan.hub.ops.fitness import look

    checks = look()
    if as_json:
        click.echo(
            json.dumps([{"name": c.name, "well": c.well, "detail": c.detail} for c in checks])
        )
    else:
        for each in checks:
            click.echo(f"{'right' if each.well else 'WRONG'} {each.name}: {each.detail}")
    sys.exit(0 if all(each.well for each in checks) else 10)
