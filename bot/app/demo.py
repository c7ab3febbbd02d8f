"""Demo data, clearly marked: officers, people and complaints that never were."""

from datetime import timedelta

import typer
from sqlalchemy import Connection

from bot.app.books import shipped_book
from bot.app.staffing import add_staff
from bot.clock import now
from bot.domain.clocks import ADDRESS_WITHIN
from bot.domain.complaints import FileComplaint
from bot.settings import Settings
from bot.text import reference
from storage import caseload, complaints, people, staff
from storage.columns import KEYRING
from storage.db import Database

OFFICERS = (
    ("demo-officer", "សុខា (សាកល្បង)", "Sokha (demo)", "demo-officer-48h", "member"),
    ("demo-head", "បុប្ផា (សាកល្បង)", "Bopha (demo)", "demo-head-48h", "head"),
)
"""Login, names, password, role: public, and made only in demo mode."""

STORIES = (
    ("WAGE_UNPAID", "TH", "employer", "ធ្វើការ៣ខែហើយ អត់បានលុយមួយរៀល ថៅកែហៅមិនលើកទូរស័ព្ទ", 3, "filed"),
    ("DOC_RETENTION", "TH", "employer", "ចង់បានប៉ាស្ព័រវិញ គេទារលុយ", 46, "filed"),
    ("CONFINEMENT", "MY", "employer", "គេចាក់សោរទុកក្នុងបន្ទប់ មិនឲ្យចេញ យកទូរស័ព្ទទៀត", 1, "filed"),
    ("NON_DEPLOYMENT", "KH", "agency", "ចាំ៨ខែហើយ ក្រុមហ៊ុនមិនទាន់បញ្ជូនទៅជប៉ុន", 60, "filed"),
    ("OVERTIME_REST", "KR", "employer", "ធ្វើការ ១៥ម៉ោងក្នុងមួយថ្ងៃ គ្មានថ្ងៃឈប់", 20, "in_hand"),
    ("WORK_ACCIDENT", "KR", "employer", "ខ្ញុំដាច់ម្រាមដៃពេលធ្វើការ ថៅកែមិនចេញថ្លៃពេទ្យ", 5, "received"),
    ("RECRUIT_FEES", "JP", "agency", "គេយកថ្លៃសេវាលើសពីកំណត់ ១៥០០ដុល្លារ", 30, "addressed"),
    ("HOUSING_FOOD", "TH", "employer", "កន្លែងស្នាក់នៅកខ្វក់ ដេកប្រជ្រៀតគ្នា ២០នាក់", 90, "closed"),
    ("OFFICIAL_MISCONDUCT", "TH", "official", "មន្ត្រីទារលុយក្រៅ", 12, "filed"),
    ("MISSING", "TH", "other", "បងខ្ញុំទៅថៃ ៥ខែហើយ បាត់ដំណឹង", 26, "waiting"),
)
"""Category, country, about, words, hours since it was filed, status."""


def fill(settings: Settings) -> None:
    """Once; a second time changes nothing."""
    KEYRING.use(settings.keys)
    db = Database(settings.database_url)
    try:
        db.write_now(_officers)
        db.write_now(_complaints)
    finally:
        db.close()


def print_addresses(settings: Settings) -> None:
    base = settings.public_url or f"http://127.0.0.1:{settings.port}"
    lines = [
        "",
        f"  the phone    {base}/phone",
        f"  the console  {base}/console",
        *(f"               sign in as {login}, password {password}" for login, _km, _en, password, _role in OFFICERS),
        "",
    ]
    typer.echo("\n".join(lines))


def _officers(connection: Connection) -> None:
    for login, name_km, name_en, password, role in OFFICERS:
        if staff.by_login(connection, login) is None:
            added = add_staff(connection, login, name_km, name_en, password, role, now())
            staff.change(connection, added, is_demo=True)


def _complaints(connection: Connection) -> None:
    if caseload.every(connection, caseload.EVERYTHING, after=0, limit=1):
        return
    book, moment = shipped_book(), now()
    for number, (category, country, about, words, hours, status) in enumerate(STORIES, 1):
        filed_at = moment - timedelta(hours=hours)
        here = people.enter(connection, "phone", f"demo-{number}", filed_at)
        command = FileComplaint(
            reference=reference.make(number * 977_777_777 % 2**35),
            category=category,
            country=country,
            about=about,
            behalf="relative" if category == "MISSING" else "self",
            identity="hidden",
            contact="chat",
            parts=({"text": f"(សាកល្បង) {words}"},),
        )
        filed = complaints.file(
            connection,
            command,
            person_id=here.person_id,
            address_id=here.address_id,
            channel="phone",
            language="km",
            urgency=book.categories[category].urgency,
            now=filed_at,
            due_at=filed_at + ADDRESS_WITHIN,
            is_demo=True,
        )
        if status != "filed":
            answered = filed_at + timedelta(hours=min(hours, 18)) if status in ("addressed", "closed") else None
            complaints.change(connection, filed, moment, status=status, first_answer_at=answered)
