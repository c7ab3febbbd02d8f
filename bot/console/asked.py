"""The list's address: what is asked for, read from it and written into it; what makes no sense is left out."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import parse_qsl, urlencode

from bot.console import labels
from bot.console.forms import NUMBER, number
from bot.console.pages import HOME
from bot.text import khmer, reference
from storage.listing import ALL, OPENED, VIEWS, Key

WRITTEN = 200
"""Code points of what is looked for."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The filters. `written`: what is looked for, as it was typed; `about`: the reference whose employer is meant.

    `place`: where in the list to go on, forward or `back`. `long`: more was typed than is looked for.
    """

    view: str = OPENED
    written: str = ""
    category: str = ""
    country: str = ""
    channel: str = ""
    office: int | None = None
    about: str = ""
    place: Key | None = None
    back: bool = False
    long: bool = False

    @property
    def narrowed(self) -> bool:
        return bool(self.written or self.category or self.country or self.channel or self.office or self.about)

    def query(self) -> str:
        """Without the place."""
        values = {
            "status": self.view if self.view != usual(self.written, self.about) else "",
            "q": self.written,
            "category": self.category,
            "country": self.country,
            "channel": self.channel,
            "office": self.office,
            "about": self.about,
        }
        return urlencode({name: value for name, value in values.items() if value})

    @property
    def codes(self) -> dict[str, str | int]:
        """For the audit: what was looked for only by its length."""
        return dict(parse_qsl(replace(self, written="").query())) | (
            {"words": len(self.written)} if self.written else {}
        )

    def address(self, *, older: Key | None = None, newer: Key | None = None) -> str:
        """This list, from its head or from a place on."""
        place = {name: "-".join(map(str, key)) for name, key in (("after", older), ("before", newer)) if key}
        return joined(HOME, self.query(), urlencode(place))

    @property
    def here(self) -> str:
        return self.address(newer=self.place) if self.back else self.address(older=self.place)

    def telling(self, **told: str) -> str:
        """Here again, with what was done (see `bot.console.bulk`)."""
        return joined(self.here, urlencode(told))

    def viewing(self, view: str) -> str:
        return replace(Asked(), view=view).address()


def read(given: Mapping[str, str]) -> Asked:
    """An address's parameters."""
    typed = khmer.clean(given.get("q", "")[: 50 * WRITTEN])
    about = reference.read(given.get("about", "")) or ""
    view = given.get("status", "")
    if view not in labels.STATUS and view not in VIEWS:
        view = usual(typed, about)
    back = place_in(given.get("before", ""))
    return Asked(
        view=view,
        written=typed[:WRITTEN],
        category=given.get("category", "")[:40],
        country=given.get("country", "")[:2],
        channel=given.get("channel", "")[:20],
        office=number(given.get("office", "")) or None,
        about=about,
        place=back or place_in(given.get("after", "")),
        back=back is not None,
        long=len(typed) > WRITTEN,
    )


def usual(written: str, about: str) -> str:
    """What is shown when no view is asked for: something that is looked for may be closed long since."""
    return ALL if written or about else OPENED


def joined(address: str, *queries: str) -> str:
    for query in queries:
        if query:
            address += ("&" if "?" in address else "?") + query
    return address


def read_query(query: str) -> Asked:
    """The same from a query string, such as a kept one. What is broken in it is left out."""
    try:
        return read(dict(parse_qsl(query, max_num_fields=20)))
    except ValueError:
        return Asked()


def place_in(text: str) -> Key | None:
    parts = text[:100].split("-")
    if not all(part.isascii() and part.isdigit() and len(part) <= NUMBER for part in parts):
        return None
    return tuple(map(int, parts))
