"""The command line: `chumnuoy serve | web | worker | migrate | seed | play`, and those of the table in README.md."""

import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Literal

import typer

from bot import log, settings
from bot.domain.reach import ROLES
from bot.settings import Settings, SettingsError

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Chumnuoy: help for Cambodian workers abroad.")
staff_app = typer.Typer(no_args_is_help=True, help="Officers.")
export_app = typer.Typer(no_args_is_help=True, help="Data out of the service, one object a line.")
app.add_typer(staff_app, name="staff")
app.add_typer(export_app, name="export")
audit_app = typer.Typer(no_args_is_help=True, help="The record of who did what, and whether it is whole.")
app.add_typer(audit_app, name="audit")

search_app = typer.Typer(no_args_is_help=True, help="The index of words.")
app.add_typer(search_app, name="search")
routing_app = typer.Typer(no_args_is_help=True, help="Which office a complaint goes to.")
app.add_typer(routing_app, name="routing")


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
    from storage.columns import KEYRING

    found = configured()
    KEYRING.use(found.keys)
    migrating.upgrade(found.database_url)


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
    role: Annotated[str, typer.Option(help=", ".join(ROLES))] = "member",
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


@staff_app.command("reset")
def staff_reset(login: str) -> None:
    """An officer who cannot come in, such as the last administrator: a new first password, and no second factor."""
    from bot.app.staffing import StaffError, reset

    found = configured()
    try:
        _with_database(found, lambda db: typer.echo(reset(db, login)))
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


@audit_app.command("head")
def audit_head() -> None:
    """The number and the digest of the newest row: write them down elsewhere, for `verify --since`."""
    from bot.app.audit import head_line

    _with_database(configured(), lambda db: typer.echo(head_line(db)))


@audit_app.command("verify")
def audit_verify(
    since: Annotated[int, typer.Option(min=0, help="The number of a row that was written down earlier")] = 0,
    digest: Annotated[str, typer.Option(help="and its digest: it must stand there still")] = "",
) -> None:
    """Walk the whole chain; exit code 1, and the rows' numbers, when something in it was changed or is missing."""
    from bot.app.audit import report

    if bool(since) != bool(digest) or (digest and not re.fullmatch(r"[0-9a-fA-F]{64}", digest)):
        typer.echo("chumnuoy: --since NUMBER and --digest of 64 hexadecimal digits go together", err=True)
        raise typer.Exit(2)
    noted, sound = (since, digest.lower()) if since else None, list[bool]()
    _with_database(configured(), lambda db: sound.append(report(db, sys.stdout, noted=noted)))
    if not all(sound):
        raise typer.Exit(1)


@app.command("receipt")
def receipt(
    reference: str,
    pdf: Annotated[str, typer.Option(help="The file to write the page to; - is standard output")] = "",
    text: Annotated[bool, typer.Option("--text", help="As a message for a chat")] = False,
) -> None:
    """The signed receipt of a complaint; exit code 1 when there is no such complaint."""
    from bot.app.verifying import NoFile, as_pdf, as_text, issued
    from bot.domain.errors import NotFound

    if bool(pdf) == text:
        typer.echo("chumnuoy: say either --pdf FILE or --text", err=True)
        raise typer.Exit(2)
    found = configured()
    try:
        _with_database(
            found,
            lambda db: (
                typer.echo(as_text(issued(db, reference), found.public_url))
                if text
                else as_pdf(issued(db, reference), found.public_url, pdf)
            ),
        )
    except (NotFound, NoFile) as error:
        typer.echo(f"chumnuoy: {error}", err=True)
        raise typer.Exit(1 if isinstance(error, NotFound) else 2) from None


@app.command("receipt-key")
def receipt_key(
    new: Annotated[bool, typer.Option("--new", help="Make another one, which signs from now on")] = False,
) -> None:
    """The public keys that receipts are checked with, to hand to other offices: id and base64, a line each."""
    from bot.app.receipts import keys_at_hand

    _with_database(configured(), lambda db: typer.echo(keys_at_hand(db, another=new), nl=False))


@app.command()
def verify(
    receipt: Annotated[str, typer.Argument(help="A file (text or our PDF), the text itself, or - for standard input")],
    key: Annotated[str, typer.Option(help="A public key in base64: nothing but it is needed then")] = "",
    keys: Annotated[str, typer.Option(help="A file of public keys, as `receipt-key` prints them")] = "",
) -> None:
    """Whether a receipt is genuine: exit code 0 when it is, 1 when not, 2 when it could not be tried."""
    from bot.app import verifying
    from bot.app.receipts import public_keys
    from bot.domain.receipts import NoKey, NotGenuine

    def ours() -> verifying.Keys:
        known: dict[str, bytes] = {}
        _with_database(configured(), lambda db: known.update(db.read_now(public_keys)))
        return known

    try:
        given = verifying.keys_of(key, keys)
        said = verifying.statement(receipt, sys.stdin.buffer, lambda: ours() if given is None else given)
    except NotGenuine as error:
        typer.echo(f"not valid: {error}")
        raise typer.Exit(1) from None
    except (NoKey, verifying.NoFile) as error:
        typer.echo(f"chumnuoy: {error}", err=True)
        raise typer.Exit(2) from None
    typer.echo(verifying.words(said), nl=False)


@routing_app.command("check")
def routing_check() -> None:
    """Every rule tried with its test line; exit code 1 when one is not right."""
    from bot.console.routing_shell import check

    _with_database(configured(), lambda db: _exit_unless(check(db, sys.stdout)))


@routing_app.command("import")
def routing_import(file: Annotated[typer.FileBinaryRead, typer.Argument(help="CSV of rules or of offices")]) -> None:
    """Rules replace the whole table; offices that the file does not name stay. All of it, or nothing."""
    from bot.console.routing_shell import take

    content = file.read()
    _with_database(configured(), lambda db: _exit_unless(take(db, content, sys.stdout)))


@routing_app.command("export")
def routing_export(what: Annotated[Literal["rules", "offices"], typer.Option()] = "rules") -> None:
    """As CSV, to standard output."""
    from bot.console.routing_shell import give

    _with_database(configured(), lambda db: give(db, what, sys.stdout))


@search_app.command("reindex")
def search_reindex() -> None:
    """The words of every complaint anew: when another key has become the last of SECRET_KEYS. May be repeated."""
    from bot.app.search import reindex

    _with_database(configured(), lambda db: typer.echo(f"{reindex(db)} complaints"))


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


def _exit_unless(good: bool) -> None:
    if not good:
        raise typer.Exit(1)


def _with_database(found: Settings, use: "Callable[..., object]") -> None:
    """One that is away or has an older schema, or keys that do not fit it, are one line and exit code 2."""
    from cryptography.fernet import InvalidToken
    from sqlalchemy.exc import DBAPIError

    from storage.columns import KEYRING
    from storage.db import Database

    KEYRING.use(found.keys)
    db = Database(found.database_url)
    try:
        use(db)
    except DBAPIError as error:
        why = str(error.orig).partition("\n")[0][:200]
        typer.echo(f"chumnuoy: the database does not do it: {why}; see `chumnuoy doctor`", err=True)
        raise typer.Exit(2) from None
    except InvalidToken:
        typer.echo("chumnuoy: SECRET_KEYS do not open what is stored; see `chumnuoy doctor`", err=True)
        raise typer.Exit(2) from None
    finally:
        db.close()


if __name__ == "__main__":
    app()
