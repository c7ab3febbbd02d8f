"""Receipts: signed, worded in both languages, drawn on a page, sent to the worker who asks."""

import asyncio
import base64
import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import segno
from sqlalchemy import Connection

from bot.app import typeset
from bot.app.context import Context
from bot.app.service import Service
from bot.clock import now
from bot.dialog.facts import LANGUAGES, Book
from bot.dialog.says import Reference, Say, Words, _
from bot.domain.audit import SYSTEM, Act
from bot.domain.clocks import ADDRESS_WITHIN
from bot.domain.delivery import NOTICE
from bot.domain.errors import NotFound
from bot.domain.receipts import SendReceipt, Statement, check_code, show_code, sign
from bot.i18n import Catalogues, Renderer
from storage import audit, complaints, outbox, receipts
from storage.db import Database

TEMPLATE = Path(__file__).resolve().parent / "receipt.typ"
QR_LEFT, QR_TOP, QR_SIZE = 89.0, 35.0, 43.0
"""Millimetres from the corner of the page; without the quiet zone, which the template leaves."""
ASKED_AT = "/receipts"
PAPER = "receipt:"
"""Begins what a queued request names instead of a kept file: the page is drawn when it is sent."""

TEXT = _("🧾 Receipt of complaint {reference}\n{category}\nFiled: {filed}\nAnswer due by: {due}\n(Phnom Penh time)")
KEEP = _("Keep the line below. With it any office can check that this complaint was filed:")
DEMO = _("(demo)")
ON_PAPER = {
    "service": _("Help for Cambodian workers abroad"),
    "title": _("Receipt of a complaint"),
    "reference": _("Reference"),
    "kind": _("Kind of complaint"),
    "filed": _("Filed"),
    "due": _("Answer due by"),
    "zone": _("Phnom Penh time"),
    "code": _("Check code"),
    "hours_title": _("What the 48 hours mean"),
    "hours": _(
        "Within 48 hours of its filing, a labour sub-committee receives this complaint and answers it, or refers it to "
        "the office that can help. Every hour counts, at night and on holidays too."
    ),
    "ask_title": _("How to ask about it"),
    "ask": _("The worker writes in the chat where it was sent, at any time, and names the reference. It is free."),
    "check_title": _("How to check this paper"),
    "nothing": _("No name is on this paper. Of what was told, only the kind of complaint."),
}
CHECK_HERE = _("Scan the code with a phone, or open {address} and type the reference and the check code.")
CHECK_ALONE = _(
    "Any office that has the public key of Chumnuoy can check it by itself, without a network. Only what the check "
    "shows is certain."
)
SIGNED = _("Signed with key {key}")


@dataclass(frozen=True, slots=True)
class Receipt:
    """A statement and its signed line."""

    statement: Statement
    line: str
    is_demo: bool = False

    @property
    def code(self) -> str:
        return check_code(self.line)

    def address(self, public_url: str) -> str:
        """Where it is looked up; the bare line when the service has no public address."""
        return f"{public_url}{ASKED_AT}/{self.statement.reference}?s={self.line}" if public_url else self.line


def statement_of(connection: Connection, reference: str, now: datetime) -> Receipt:
    """The receipt of a complaint, signed with the newest key; in a transaction that writes, as it may make the first.

    It always says the same: filed then, due 48 hours later, however the complaint went on. Raises NotFound.
    """
    filed = receipts.filed(connection, reference)
    if filed is None:
        raise NotFound
    return signed(filed, receipts.newest(connection) or first_key(connection, now))


def signed(filed: receipts.Filed, key: Any) -> Receipt:
    """`filed` as `storage.receipts.filed` gives it, `key` as `newest` does."""
    at = filed.filed_at.replace(microsecond=0)
    statement = Statement(filed.reference, filed.category, at, at + ADDRESS_WITHIN, key.id)
    return Receipt(statement, sign(statement, base64.b64decode(key.private)), filed.is_demo)


def first_key(connection: Connection, now: datetime) -> Any:
    made = receipts.make_first(connection, now)
    if made is not None:
        record_key(connection, made.id, now)
    return made or receipts.newest(connection)


def new_key(connection: Connection, now: datetime) -> None:
    """One that signs from now on; the old ones still check."""
    record_key(connection, receipts.make(connection, now).id, now)


def record_key(connection: Connection, id: str, now: datetime) -> None:
    audit.append(connection, Act(now, SYSTEM, "make_receipt_key", subject_kind="receipt_key", subject=id))


def public_keys(connection: Connection) -> dict[str, bytes]:
    """What receipts are checked with."""
    return {key.id: base64.b64decode(key.public) for key in receipts.public_keys(connection)}


def keys_text(connection: Connection) -> str:
    """The public keys to hand to other offices: a line each, its id and base64 of 32 bytes; the first one signs."""
    keys = receipts.public_keys(connection)
    if not keys:
        return "# no receipt was signed yet, and no key made\n"
    lines = [f"{key.id} {key.public} # since {key.made_at:%Y-%m-%d}" for key in keys]
    lines[0] += ", signs now"
    return "\n".join(lines) + "\n"


def keys_at_hand(db: Database, *, another: bool = False) -> str:
    """The same for whoever hands them out; makes the first key when there is none."""
    moment = now()

    def work(connection: Connection) -> str:
        if another:
            new_key(connection, moment)
        elif receipts.newest(connection) is None:
            first_key(connection, moment)
        return keys_text(connection)

    return db.write_now(work)


def by_code(connection: Connection, reference: str, code: str) -> Receipt | None:
    """The complaint's receipt, when that is its check code; whether there is such a complaint shows in nothing else."""
    keys = receipts.keys(connection)
    filed = receipts.filed(connection, reference)
    there = filed or receipts.NOBODYS
    made = [signed(there, key) for key in keys]
    return next((one for one in made if one.code == code), None) if filed is not None else None


def category_words(book: Book, code: str) -> Words:
    category = book.categories.get(code)
    return category.name if category else Words(code, code)


def text_of(receipt: Receipt, book: Book, catalogues: Catalogues, public_url: str = "") -> str:
    """For a chat: Khmer, then English, then the signed line on a line of its own."""
    said = receipt.statement
    what = Say(
        TEXT,
        {
            "reference": Reference(said.reference),
            "category": category_words(book, said.category),
            "filed": said.filed_at,
            "due": said.due_at,
        },
    )
    pieces = []
    for language in LANGUAGES:
        renderer = Renderer(catalogues, language)
        mark = [renderer.say(Say(DEMO))] if receipt.is_demo else []
        means = [renderer.say(Say(ON_PAPER[name])) for name in ("hours_title", "hours")]
        pieces.append("\n".join([*mark, renderer.say(what), *means, renderer.say(Say(KEEP))]))
    pieces.append(receipt.line)
    if public_url:
        pieces.append(f"{public_url}{ASKED_AT}/{said.reference}?s={show_code(receipt.code)}")
    return "\n\n".join(pieces)


def pdf_of(receipt: Receipt, book: Book, catalogues: Catalogues, public_url: str = "") -> bytes:
    """One page to print or to send; some milliseconds of work, so never in a transaction."""
    values = on_paper(receipt, book, catalogues, public_url)
    return typeset.pdf(TEMPLATE, values, int(receipt.statement.filed_at.timestamp()))


def pictures_of(
    receipt: Receipt, book: Book, catalogues: Catalogues, public_url: str = "", *, ppi: float = 144
) -> list[bytes]:
    """The same as PNG, a page each."""
    return typeset.pictures(TEMPLATE, on_paper(receipt, book, catalogues, public_url), ppi)


def on_paper(receipt: Receipt, book: Book, catalogues: Catalogues, public_url: str) -> dict[str, str]:
    """What the template is given: texts in both languages as JSON, and the code as a drawing."""
    said, told = receipt.statement, {}
    for language in LANGUAGES:
        renderer = Renderer(catalogues, language)
        check = [Say(CHECK_HERE, {"address": public_url + ASKED_AT})] if public_url else []
        told[language] = {
            **{name: renderer.say(Say(text)) for name, text in ON_PAPER.items()},
            "check": " ".join(renderer.say(one) for one in (*check, Say(CHECK_ALONE))),
            "signed": renderer.say(Say(SIGNED, {"key": said.key})),
            "demo": renderer.say(Say(DEMO)) if receipt.is_demo else "",
            "kind_words": renderer.param(category_words(book, said.category)),
            "filed_at": renderer.param(said.filed_at),
            "due_at": renderer.param(said.due_at),
        }
    shared = {
        "shown": f"{said.reference[:4]}-{said.reference[4:]}",
        "code": show_code(receipt.code),
        "line": receipt.line,
        "at": [QR_LEFT, QR_TOP, QR_SIZE],
    }
    drawing = qr(receipt, public_url).svg_inline(border=0, dark="#000", light="#fff")
    return {"told": json.dumps({**told, **shared}, ensure_ascii=False), "qr": drawing}


def qr(receipt: Receipt, public_url: str) -> Any:
    """The code on the page, as segno makes it; a tenth of it may be dirty."""
    return segno.make(receipt.address(public_url), error="m", micro=False, boost_error=False)


def send_receipt(command: SendReceipt, context: Context) -> None:
    """To the chat where it is asked for, after what is said there, and only to whoever filed it. Raises NotFound."""
    here = context.worker
    if complaints.find(context.connection, command.reference, person_id=here.person_id) is None:
        raise NotFound
    receipt = statement_of(context.connection, command.reference, context.now)
    text = text_of(receipt, context.book, context.post.catalogues, context.public_url)
    page = {"text": "", "rows": [], "file": PAPER + command.reference, "kind": "file"}
    where: dict[str, Any] = {
        "address_id": here.address_id,
        "channel": context.channel,
        "lane": NOTICE,
        "now": context.now,
    }
    says = (Say(Words(text, text)),)
    rows = context.post.rows(language=context.language, country=here.country, says=says, **where)
    outbox.add(context.connection, rows)
    outbox.add(context.connection, outbox.rows_of(bodies=[page], **where))


async def paper(service: Service, reference: str) -> bytes:
    """The page, as the sender sends it. Raises FileNotFoundError when there is no such complaint."""
    try:
        made = await service.db.write(lambda connection: statement_of(connection, reference, service.clock()))
    except NotFound:
        raise FileNotFoundError(reference) from None
    return await asyncio.to_thread(pdf_of, made, service.book, service.catalogues, service.settings.public_url)
