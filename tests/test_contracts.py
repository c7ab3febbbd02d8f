"""What the house rules promise about the tree itself."""

import ast
import csv
import re
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import pytest

from bot.app.books import shipped_book
from bot.dialog.facts import Complaint, Facts
from bot.dialog.router import WORDS
from bot.dialog.says import Choice
from bot.i18n import Catalogues, Renderer
from bot.text import khmer
from bot.text.fit import fit
from handlers import FLOWS
from tests.stories.telling import CHANNELS, NOW, Worker

ROOT = Path(__file__).resolve().parents[1]
CODE = sorted(path for folder in ("bot", "handlers", "storage") for path in (ROOT / folder).rglob("*.py"))
LONGEST = 350
CLOSED = Complaint("K7Q29MXD", "OTHER", "closed", NOW, NOW)
# a flow has its module's name, so the modules are asked for by theirs
categories, complaint, countries, discreet, erase, follow, help_, menu, sos = (
    import_module(f"handlers.{name}")
    for name in ("categories", "complaint", "countries", "discreet", "erase", "follow", "help", "menu", "sos")
)


@pytest.mark.parametrize("path", CODE, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_says_what_it_is_for_and_is_short(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= LONGEST
    assert ast.get_docstring(ast.parse(text)), "a file opens with one sentence"


def test_every_category_is_in_one_group_and_no_menu_has_more_than_ten_choices() -> None:
    book = shipped_book()
    grouped = [code for _label, _short, codes in categories.GROUPS.values() for code in codes]
    assert sorted(grouped) == sorted(book.categories)
    assert len(book.categories) == 29
    assert len(categories.GROUPS) <= 10
    assert max(len(codes) for _label, _short, codes in categories.GROUPS.values()) <= 10
    assert max(len(countries.FIRST), len(countries.MORE)) <= 10
    assert len(menu.shown(empty_facts()).choices) <= 10


def test_every_category_has_hints_for_the_officer() -> None:
    for category in shipped_book().categories.values():
        assert category.code == "OTHER" or any(fact in categories.HINTS for fact in category.facts), category.code


def test_only_verified_numbers_can_be_shown_in_an_emergency() -> None:
    with (ROOT / "storage/seed/centres.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    unverified = {phone for row in rows if row["status"] != "verified" for phone in row["phones"].split(";") if phone}
    book = shipped_book()
    shown = {phone for lines in (*book.emergency.values(), book.ministry) for line in lines for phone in line.phones}
    assert shown
    assert not shown & unverified
    assert all(row["source_url"] for row in rows)
    abroad = {phone for line in book.ministry for phone in line.phones}
    assert all(phone.startswith("+855") for phone in abroad), "short codes cannot be dialled from abroad"


def all_choices() -> dict[str, list[Choice]]:
    """Every menu a worker can meet, by name."""
    facts = empty_facts()
    menus = {
        "menu": list(menu.shown(facts).choices),
        "help": list(help_.CHOICES),
        "erase": list(erase.CHOICES),
        "discreet": list(discreet.ON.choices),
        "page": list(follow.one_page(CLOSED, facts).choices),
        "page, rated": list(follow.one_page(replace(CLOSED, rating=1), facts).choices),
        "rating": list(follow.rate_page(CLOSED).choices),
        "sos": [*sos.where(facts).choices, *sos.elsewhere(facts).choices, *sos.told("TH", facts).choices],
        "groups": [Choice(f"complaint:group={one.code}", one.label, one.short) for one in categories.groups({}, facts)],
    }
    for group in categories.GROUPS:
        options = categories.in_group({"group": group}, facts)
        menus[group] = [Choice(f"complaint:category={one.code}", one.label, one.short) for one in options]
    for name in ("ABOUT", "BEHALF", "SAFE", "IDENTITY", "CONTACT"):
        options = getattr(complaint, name)
        menus[name] = [Choice(f"complaint:{name.lower()}={one.code}", one.label, one.short) for one in options]
    return menus


def empty_facts() -> Facts:
    return Worker("km").facts()


def test_labels_fit_each_channel() -> None:
    """A label that has to be cut is listed here by name; none is, in either language."""
    catalogues, cut = Catalogues(), []
    for language in ("km", "en"):
        renderer = Renderer(catalogues, language)
        for name, choices in all_choices().items():
            for channel, limits in CHANNELS.items():
                for bubble in fit("x", renderer.buttons(tuple(choices[:11])), limits, language):
                    for row in bubble.buttons:
                        cut += [(language, channel, name, button.label) for button in row if button.label.endswith("…")]
    assert not cut, "\n".join(map(str, cut))


def test_stories_are_told_within_the_channels_own_limits() -> None:
    from bot.channels.messenger import Messenger
    from bot.channels.phone import Phone
    from bot.channels.telegram import Telegram

    real = {"telegram": Telegram.limits, "messenger": Messenger.limits, "phone": Phone.limits}
    assert real == CHANNELS


def test_every_flow_can_be_started_by_a_word_or_a_button() -> None:
    names = {flow.name for flow in FLOWS}
    codes = {choice.code for choices in all_choices().values() for choice in choices}
    started = {code.partition(":")[0] for code in codes if code.endswith(":start")}
    assert names - started <= {"menu", "welcome", "officer"}  # an officer's is reached by a code they were given


def test_catalogue_words_that_work_anywhere_differ_from_each_other() -> None:
    """Two global words with the same spelling would make one of them unreachable."""
    catalogues = Catalogues()
    spellings: dict[str, str] = {}
    for owner, words in (*WORDS, *((flow.name, flow.starts_with) for flow in FLOWS)):
        for word in words:
            for spelling in catalogues.spoken(word):
                heard = khmer.comparable(spelling)
                assert spellings.setdefault(heard, owner) == owner, (heard, owner, spellings[heard])


def test_no_texts_name_a_phone_number() -> None:
    """Numbers come from the verified data, never from a text."""
    texts = (ROOT / "locales/messages.pot").read_text(encoding="utf-8").replace("+855 12 345 678", "")
    assert not re.search(r"\+\d{2,3}[ \d]{6,}|\b1[0-9]{3}\b", texts)


def test_the_phone_page_draws_every_sign_of_ours() -> None:
    """A picture that a cheap phone has no letter for is an empty box there: each has another sign."""
    shown = (ROOT / "bot" / "static" / "phone-show.js").read_text(encoding="utf-8")
    (known,) = re.findall(r"const PLAIN = \{(.*)\};", shown)
    (replaced,) = re.findall(r"text\.replace\(/(.*)/gmu", shown)
    ours = {sign for path in CODE for sign in path.read_text(encoding="utf-8") if sign >= "\U0001f000"}
    assert (
        ours
        == set(re.findall("[\U0001f000-\U0001ffff]", known))
        == set(re.findall("[\U0001f000-\U0001ffff]", replaced))
    )
