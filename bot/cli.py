"""The command line: `chumnuoy serve | web | worker | migrate | seed | play | staff add | export | doctor`."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from bot import log, settings
from bot.settings import Settings, SettingsError

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Chumnuoy: help for Cambodian workers abroad.")
staff_app = typer.Typer(no_args_is_help=True, help="Officers.")
export_app = typer.Typer(no_args_is_help=True, help="Data out of the service, one object a line.")
app.add_typer(staff_app, name="staff")
app.add_typer(export_app, name="export")


@contextmanager
def in_one_line() -> Iterator[None]:
    """A wrong setting is one clear line and exit code 2."""
    try:
        yield
    except SettingsError as error:
        typer.echo(f"chumnuoy: {error}", err=True)
        raise typer.Exit(2) from None


def configured() -> Settings:
    with in_one_line():
        found = settings.load()
    log.set_up(found.log_format)
    return found


@app.command()
def serve() -> None:
    """The web and the workers in one process."""
    found = configured()
    from bot import main

    if found.demo:
        from bot.app.demo import print_addresses

        print_addresses(found)
    with in_one_line():
        main.serve(found, work=True)


@app.command()
def web() -> None:
    """Pages and webhooks only."""
    found = configured()
    from bot import main

    with in_one_line():
        main.serve(found, work=False)


@app.command()
def worker() -> None:
    """Senders, fetcher and schedule only."""
    found = configured()
    from bot import main

    with in_one_line():
        main.work(found)


@app.command()
def migrate() -> None:
    """Bring the database's schema to today's."""
    from storage import migrating

    migrating.upgrade(configured().database_url)


@app.command()
def seed() -> None:
    """Load reference data; in demo mode, people, complaints and officers too. May be repeated."""
    from bot.app import demo
    from storage import seeding

    found = configured()
    _with_database(found, lambda db: db.write_now(seeding.load))
    if found.demo:
        demo.fill(found)


@app.command()
def play(language: Annotated[str, typer.Option(help="km or en")] = "km") -> None:
    """Talk with the service in this terminal; nothing is stored."""
    from bot.app.play import play_here

    play_here(language, sys.stdin, sys.stdout)


@staff_app.command("add")
def staff_add(
    login: str,
    name_km: Annotated[str, typer.Option(help="The name in Khmer")],
    name_en: Annotated[str, typer.Option(help="The name in English")],
    role: Annotated[str, typer.Option(help="member, head, desk, administrator")] = "member",
) -> None:
    """A new officer; the password is asked for, or read from standard input when it is no terminal."""
    from bot.app.staffing import StaffError, add

    password = (
        typer.prompt("Password", hide_input=True, confirmation_prompt=True)
        if sys.stdin.isatty()
        else sys.stdin.readline().rstrip("\n")
    )
    found = configured()
    try:
        _with_database(found, lambda db: add(db, login, name_km, name_en, password, role))
    except StaffError as error:
        typer.echo(f"chumnuoy: {error}", err=True)
        raise typer.Exit(1) from None


@export_app.command("complaints")
def export_complaints(form: Annotated[str, typer.Option("--format", help="jsonl")] = "jsonl") -> None:
    """Every complaint with its thread, one JSON object a line, oldest first."""
    from bot.app.export import complaints

    if form != "jsonl":
        typer.echo("chumnuoy: the format is jsonl", err=True)
        raise typer.Exit(2)
    _with_database(configured(), lambda db: complaints(db, sys.stdout))


@app.command()
def doctor(new_key: Annotated[bool, typer.Option("--new-key", help="Print a new key for SECRET_KEYS")] = False) -> None:
    """Check the database, keys, tokens and webhooks, and say in words what is wrong."""
    from bot.app.doctor import examine, fresh_key

    if new_key:
        typer.echo(fresh_key())
        return
    from bot.main import make_channels

    found = configured()
    if not examine(found, make_channels(found), sys.stdout):
        raise typer.Exit(1)


def _with_database(found: Settings, use: "Callable[..., object]") -> None:
    from storage.columns import KEYRING
    from storage.db import Database

    KEYRING.use(found.keys)
    db = Database(found.database_url)
    try:
        use(db)
    finally:
        db.close()


if __name__ == "__main__":
    app()
