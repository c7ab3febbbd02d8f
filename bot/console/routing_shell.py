"""`chumnuoy routing`: the table checked, brought in and given out from the command line, in the console's words."""

from typing import TextIO

from sqlalchemy import Connection

from bot.app import routing as shell
from bot.app.audit import COMMAND_LINE
from bot.app.books import shipped_book
from bot.app.context import Context
from bot.app.execute import execute
from bot.app.post import Post
from bot.clock import now
from bot.console import routing_words as words
from bot.dialog.says import Say
from bot.domain import routing_csv
from bot.domain.errors import DomainError
from bot.domain.offices import FaultyOffice, FaultyRules, SaveOffices, SaveRules
from bot.domain.routing import NATIONAL
from bot.domain.routing_csv import FaultyFile
from bot.i18n import Catalogues, Renderer
from storage.db import Database


def check(db: Database, out: TextIO) -> bool:
    """A line a rule, and its faults under it; False when there are any."""
    table, tell, book = db.read_now(shell.table), Renderer(Catalogues(), "en").say, shipped_book()
    verdicts = shell.verdicts(table.lines, table.offices)
    for one, line in zip(verdicts, table.lines, strict=True):
        sign = "ok   " if not one.faults else "FAULT"
        print(f"{sign} {one.rule.id:3} {tell(words.conditions(line, book))} -> {line.office}", file=out)
        for fault in one.faults:
            print(f"          {tell(words.fault(fault))}", file=out)
        if one.goes and line.example:
            print(f"          {tell(words.goes(line.example, one.goes, table.offices, book))}", file=out)
    desk = any(row.kind == NATIONAL and row.active for row in table.offices)
    if not desk:
        print("FAULT there is no active national desk: run `chumnuoy seed`", file=out)
    print(f"{len(verdicts)} rules, {len(table.offices)} offices", file=out)
    return desk and not any(one.faults for one in verdicts)


def take(db: Database, content: bytes, out: TextIO) -> bool:
    """Import a file; False when it was refused, with every reason on a line of its own."""
    book, tell = shipped_book(), Renderer(Catalogues(), "en").say
    try:
        sheet = routing_csv.read(routing_csv.decode(content))
        rows = db.read_now(shell.table).offices
        if faults := shell.sheet_faults(sheet, rows, book.categories):
            raise FaultyFile(faults)

        command = SaveRules(sheet.lines) if sheet.kind == routing_csv.RULES else SaveOffices(sheet.offices)

        def work(connection: Connection) -> None:
            execute(command, Context(connection, now(), book, Post(Catalogues(), {}), place=COMMAND_LINE))

        db.write_now(work)
    except FaultyFile as error:
        print("\n".join(["nothing was changed:", *(tell(words.on_line(one)) for one in error.faults)]), file=out)
        return False
    except (FaultyRules, FaultyOffice) as error:
        print("nothing was changed:", file=out)
        for one in error.faults:
            number = sheet.numbers[one.at - 1] if one.at else 0
            told = words.on_line(type(one)(one.what, number, one.by, one.field, one.value))
            print(tell(told), file=out)
        return False
    except DomainError as error:
        print(f"nothing was changed: {tell(Say(words.refusal(error)))}", file=out)
        return False
    print(f"read and saved: {len(sheet.lines) or len(sheet.offices)} of {sheet.kind}", file=out)
    return True


def give(db: Database, what: str, out: TextIO) -> None:
    """`what`: rules or offices."""
    out.write(shell.exported(db.read_now(shell.table), what))
