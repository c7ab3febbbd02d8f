"""Keeps the catalogues whole: `python -m locales.catalogue update` after a text changed, `check` before a merge."""

import argparse
import io
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import PoFileError, read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ("bot", "handlers")
SOURCE_LOCALE = "en"
LOCALES = ("km", SOURCE_LOCALE)
KEYWORDS: dict[str, None] = {"_": None, "gettext": None, "ngettext": None}  # templates' trans blocks are gettext
REVIEW = "review"
"""An entry with the comment `#. review` is one that a native reader should look at; the comment is kept on update."""

WITHOUT_KHMER: dict[str, str] = {
    "English": "a language is listed by its own name",
    "Telegram": "a product's name",
    "Messenger": "a product's name",
}
"""English texts whose Khmer may be without a Khmer letter, each with the reason."""

HEADER = "# The texts of Chumnuoy. Made by `make catalogues`: edit only msgstr and comments.\n#"
SAYS_NOTHING = re.compile(
    '"(Project-Id-Version|Report-Msgid-Bugs-To|POT-Creation-Date|PO-Revision-Date'
    "|Last-Translator|Language-Team|Generated-By): "
)
"""Lines of the usual header that would change by themselves, or that nobody reads."""
PLACEHOLDER = re.compile(r"\{(\w+)[^{}]*\}|%\((\w+)\)[a-z]")
KHMER_LETTER = re.compile("[\u1780-\u17b3]")
CUT_AFTER_COENG = re.compile("\u17d2(?![\u1780-\u17b3])")
SIGN_ALONE = re.compile("(?:^|[^\u1780-\u17d3\u17dd\u200c\u200d])[\u17b4-\u17d3\u17dd]")
"""A dependent vowel, sign or coeng with no Khmer letter before it, for example after U+200B."""


def main(arguments: list[str] | None = None) -> int:
    """Run one command; the exit code is 1 when `check` found a problem."""
    parser = argparse.ArgumentParser(prog="python -m locales.catalogue", description=__doc__)
    parser.add_argument("command", choices=("update", "check"))
    parser.add_argument("--root", type=Path, default=ROOT, help="the repository")
    options = parser.parse_args(arguments)
    if options.command == "update":
        update(options.root)
        return 0
    found = list(problems(options.root))
    for problem in found:
        print(problem)  # noqa: T201 - a command for a person
    return 1 if found else 0


def update(root: Path) -> None:
    """Write the template from the sources, and bring every catalogue into line with it."""
    template = extract(root)
    pot_path(root).write_text(render(template), encoding="utf-8")
    for locale in LOCALES:
        path = po_path(root, locale)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(render(merge(template, read(path, locale), locale)), encoding="utf-8")


def problems(root: Path) -> Iterator[str]:
    """What is wrong, a line each; nothing when the catalogues are whole."""
    template = extract(root)
    pot = pot_path(root)
    if not pot.exists() or pot.read_text(encoding="utf-8") != render(template):
        yield f"{pot.relative_to(root)}: not what the code says; run `make catalogues`"
    for message in template:
        if not isinstance(message.id, str):
            yield f"{where(message)}: {message.id[0]!r} is a plural; write a text that needs none"
    for locale in LOCALES:
        path = po_path(root, locale)
        name = path.relative_to(root)
        try:
            catalogue = read(path, locale)
        except PoFileError as error:
            yield f"{name}: cannot be read: {error}"
            continue
        if path.exists() and path.read_text(encoding="utf-8") != render(merge(template, catalogue, locale)):
            yield f"{name}: not as `make catalogues` writes it; run that"
        known = {message.id for message in template}
        for message in catalogue:
            if message.id and message.id not in known:
                yield f"{name}: {message.id!r} is no longer said"
        for message in template:
            if isinstance(message.id, str) and message.id:
                for fault in faults(message.id, catalogue.get(message.id), locale):
                    yield f"{name}: {message.id!r} {fault}"


def faults(source: str, message: Message | None, locale: str) -> Iterator[str]:
    """What is wrong with one entry of one catalogue."""
    if message is None or not message.string:
        yield "has no translation"
        return
    text = str(message.string)
    if message.fuzzy:
        yield "is fuzzy: a guess nobody has confirmed"
    if placeholders(source) != placeholders(text):
        yield f"has the placeholders {placeholders(source)}, its translation {placeholders(text)}"
    if locale == "km":
        yield from khmer_faults(source, text)


def khmer_faults(source: str, text: str) -> Iterator[str]:
    """What is wrong with a Khmer text as Khmer."""
    has_letters = any(character.isalpha() for character in PLACEHOLDER.sub("", text))
    if has_letters and not KHMER_LETTER.search(text) and source not in WITHOUT_KHMER:
        yield "has no Khmer letter in its Khmer"
    if CUT_AFTER_COENG.search(text):
        yield "has a cluster cut after U+17D2 (coeng): a consonant must follow it"
    if SIGN_ALONE.search(text):
        yield "has a vowel or sign with no letter before it (a cluster cut by U+200B, a space or the beginning)"


def placeholders(text: str) -> list[str]:
    """The names of the values that a text shows, each once."""
    return sorted({brace or percent for brace, percent in PLACEHOLDER.findall(text)})


def extract(root: Path) -> Catalog:
    """All texts of the sources, in the order of their files and places there."""
    with (root / "locales" / "babel.cfg").open(encoding="utf-8") as mapping:
        methods, options = parse_mapping_cfg(mapping)  # type: ignore[no-untyped-call]  # Babel has no types there
    found = extract_from_dir(
        root,
        methods,
        options,
        keywords=KEYWORDS,
        comment_tags=("Translators:",),
        strip_comment_tags=True,
        directory_filter=lambda folder: Path(folder).relative_to(root).parts[0] in SOURCES,
    )
    template = Catalog(header_comment=HEADER, fuzzy=False)
    for file, line, text, comments, context in sorted(found, key=lambda entry: (entry[0], entry[1])):
        template.add(text, locations=[(Path(file).as_posix(), line)], auto_comments=comments, context=context)
    return template


def merge(template: Catalog, existing: Catalog, locale: str) -> Catalog:
    """The template's entries with the translations and the reviewers' and translators' comments that exist."""
    merged = Catalog(locale=locale, header_comment=HEADER, fuzzy=False)
    for message in template:
        if not message.id:
            continue
        old = existing.get(message.id, message.context)
        string = old.string if old else ""
        if not string and locale == SOURCE_LOCALE:
            string = message.id
        merged.add(
            message.id,
            string,
            locations=message.locations,
            flags=message.flags | (old.flags & {"fuzzy"} if old else set()),
            auto_comments=[*message.auto_comments, *(review_comments(old) if old else [])],
            user_comments=old.user_comments if old else [],
            context=message.context,
        )
    return merged


def review_comments(message: Message) -> list[str]:
    """The comments that ask for a native reader, with their reasons."""
    return [comment for comment in message.auto_comments if comment.startswith(REVIEW)]


def render(catalogue: Catalog) -> str:
    """The catalogue as a file in which nothing changes but texts: no dates, no line numbers, no wrapping."""
    output = io.BytesIO()
    write_po(output, catalogue, width=0, ignore_obsolete=True, include_lineno=False)
    lines = output.getvalue().decode().splitlines()
    return "\n".join(line for line in lines if not SAYS_NOTHING.match(line)).rstrip("\n") + "\n"


def read(path: Path, locale: str) -> Catalog:
    """The catalogue in the file; an empty one when there is none."""
    if not path.exists():
        return Catalog(locale=locale)
    with path.open("rb") as file:
        return read_po(file, locale=locale, abort_invalid=True)


def pot_path(root: Path) -> Path:
    return root / "locales" / "messages.pot"


def po_path(root: Path, locale: str) -> Path:
    return root / "locales" / locale / "LC_MESSAGES" / "messages.po"


def where(message: Message) -> str:
    """The first file that says the text."""
    return message.locations[0][0] if message.locations else "?"


if __name__ == "__main__":
    sys.exit(main())
