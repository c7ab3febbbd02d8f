"""How long each page of the console takes with 100,000 complaints: median and 95th percentile, on both databases."""

import hashlib
import http.client
import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median, quantiles
from urllib.parse import urlencode

from storage import staff
from storage.columns import KEYRING
from storage.db import Database
from tests.bench.world import PASSWORD, World, fill
from tests.support.service import SECRET_KEYS, Service

GOAL = 200
"""Milliseconds that the median of a page may take."""
WARM = 2


@dataclass
class Browser:
    """One connection that stays open, with its cookies."""

    port: int
    cookies: dict[str, str]

    def __post_init__(self) -> None:
        self._http = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)

    def ask(self, method: str, path: str, form: dict[str, str] | None = None) -> tuple[int, str]:
        head = {"cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        if form is not None:
            head["content-type"] = "application/x-www-form-urlencoded"
        self._http.request(method, path, urlencode(form) if form is not None else None, head)
        answer = self._http.getresponse()
        body = answer.read().decode()
        for name, value in answer.getheaders():
            if name.lower() == "set-cookie":
                key, _equals, rest = value.partition("=")
                self.cookies[key] = rest.partition(";")[0]
        return answer.status, body

    def rest(self) -> None:
        """The server closes a connection that was silent for a while; the next look opens another."""
        self._http.close()

    def sign_in(self, login: str) -> None:
        _status, page = self.ask("GET", "/console/sign-in")
        hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page))
        status, _page = self.ask("POST", "/console/sign-in", {**hidden, "login": login, "password": PASSWORD})
        if status != 303:
            raise RuntimeError(f"{login} could not sign in: {status}")


def let_in(url: str, port: int, officer: int) -> Browser:
    """Signed in without the door, for those who need a second factor."""
    token, now = secrets.token_urlsafe(32), datetime.now(UTC)
    KEYRING.use([SECRET_KEYS])
    db = Database(url)
    db.write_now(
        lambda connection: staff.open_session(
            connection,
            digest=hashlib.sha256(token.encode()).hexdigest(),
            staff_id=officer,
            csrf="x",
            created_at=now,
            seen_at=now,
            expires_at=now + timedelta(hours=1),
        )
    )
    db.close()
    return Browser(port, {"console": token})


def pages_of(world: World) -> dict[str, list[tuple[str, str]]]:
    """Name and address of every page, by who looks at it."""
    at = "/console/complaints"
    middle = world.complaints // 2

    def listed(**query: str | int) -> str:
        return f"{at}?{urlencode(query)}"

    shared = [
        ("list: open", at),
        *((f"list: {view}", listed(status=view)) for view in ("overdue", "receiving", "unassigned", "mine", "waiting")),
        ("list: all", listed(status="all")),
        ("list: all, in the middle", listed(status="all", after=middle)),
        ("list: all, page before", listed(status="all", before=middle)),
        ("list: closed", listed(status="closed")),
        ("list: all, one country", listed(status="all", country="TH")),
        ("list: all, a rare country", listed(status="all", country="BN")),
        ("list: all, no such country", listed(status="all", country="ZZ")),
        ("list: all, a rare category", listed(status="all", category="MISSING")),
        ("list: all, one channel", listed(status="all", channel="phone")),
        ("list: open, one category", listed(category="CONFINEMENT")),
        ("list: all, one office", listed(status="all", office=world.office)),
        ("list: all, an empty mix", listed(status="all", country="BN", category="MISSING", channel="phone")),
        ("search: a common word", listed(q="លុយ")),
        ("search: two common words", listed(q="លុយ ថៅកែ")),
        ("search: common and rare", listed(q=f"លុយ {world.rare_word}")),
        ("search: a rare word", listed(q=world.rare_word)),
        ("search: nothing", listed(q="nowhere")),
        ("search: six words", listed(q="ខ្ញុំ ធ្វើ ការ លុយ ថៅកែ ទូរស័ព្ទ")),
        ("search: a common word, open", listed(q="លុយ", status="open")),
        ("search: a common word, a rare country", listed(q="ខ្ញុំ", country="BN")),
        ("search: a reference", listed(q=world.reference)),
        ("list: the same employer", listed(about=world.employer_of)),
        ("one complaint", f"{at}/{world.reference}"),
        ("saved lists", f"{at}/saved"),
        ("notices", "/console/notices"),
        ("my account", "/console/account"),
    ]
    more = [(name, f"/console/{name}") for name in ("incidents", "figures", "canned", "offices")]
    return {
        "desk": [*shared, *more],
        "member": shared,
        "auditor": [("audit", "/console/audit"), ("list: all", listed(status="all"))],
        "administrator": [("officers", "/console/staff"), ("sub-committees", "/console/offices")],
    }


def measure(service: Service, browser: Browser, path: str, times: int) -> tuple[int, float, float, float]:
    """Status, then in milliseconds: median, 95th percentile, and the service's own processor time for one look."""
    browser.rest()
    took = list[float]()
    status, used = 0, 0.0
    for number in range(WARM + times):
        if number == WARM:
            used = service.cpu_seconds()
        began = time.perf_counter()
        status, _body = browser.ask("GET", path)
        if number >= WARM:
            took.append((time.perf_counter() - began) * 1000)
    return status, median(took), quantiles(took, n=20)[-1], (service.cpu_seconds() - used) * 1000 / times


def run(folder: Path, kind: str, url: str, complaints: int, times: int) -> list[list[str]]:
    """Rows of the table: who, what, status, median, 95th percentile, processor."""
    began = time.perf_counter()
    world = fill(url, complaints)
    print(f"{kind}: {complaints} complaints were written in {time.perf_counter() - began:.0f} s", flush=True)
    rows = []
    with Service(folder, {"DATABASE_URL": url, "PHONE": "0"}, command="web") as service:
        browsers: dict[str, Browser] = {}
        for who in ("desk", "member"):
            browsers[who] = Browser(service.port, {})
            browsers[who].sign_in(f"bench-{who}")
        browsers["auditor"] = let_in(url, service.port, world.auditor)
        browsers["administrator"] = let_in(url, service.port, world.administrator)
        for who, wanted in pages_of(world).items():
            for name, path in wanted:
                status, middle, late, cpu = measure(service, browsers[who], path, times)
                over = " over" if middle > GOAL else ""
                rows.append([who, name, str(status), f"{middle:.0f}{over}", f"{late:.0f}", f"{cpu:.0f}"])
    return rows


def table(
    new: dict[str, Callable[[], str]],
    folder: Path,
    complaints: int,
    times: int,
    show: Callable[[list[str], list[list[str]]], None],
) -> None:
    for kind, fresh in new.items():
        rows = run(folder, kind, fresh(), complaints, times)
        show([f"{kind}: who", "page", "status", "median ms", "p95 ms", "CPU ms"], rows)
