"""The tools themselves work: servers keep their data, catalogue faults are found, and CI cannot pass by skipping."""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from locales import catalogue
from tests.support import postgresql
from tests.support.chromium import Pages, find_chromium
from tests.support.missing import MissingToolError
from tests.support.postgresql import Databases, PostgresServer, admin_connection
from tests.support.processes import NotReadyError, running, wait_until
from tests.support.service import Service

REPOSITORY = Path(__file__).resolve().parents[1]

# --- what is missing ---------------------------------------------------------------------------------------------


async def test_a_page_opens_on_a_phone_and_on_a_desk(browser_page: Pages) -> None:
    for screen, width, ratio in (("phone", 390, 2), ("desktop", 1440, 1)):
        page = await browser_page(screen)  # type: ignore[arg-type]  # mypy sees any str
        await page.set_content('<meta name="viewport" content="width=device-width"><h1>សួស្ដី</h1>')
        seen = await page.evaluate("[innerWidth, devicePixelRatio, navigator.language]")
        assert seen == [width, ratio, "km"]


async def test_a_fault_in_a_page_is_noticed(browser_page: Pages) -> None:
    page = await browser_page("phone")
    await page.set_content("<script>throw new Error('broken')</script>")
    assert browser_page.errors == ["script error: broken"]
    browser_page.errors.clear()


@pytest.mark.parametrize(("ci", "outcome"), [("", "1 skipped"), ("true", "1 error")])
def test_a_missing_browser_skips_at_home_and_fails_in_ci(ci: str, outcome: str) -> None:
    target = f"{__file__}::{test_a_page_opens_on_a_phone_and_on_a_desk.__name__}"
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", target],
        cwd=REPOSITORY,
        env={**os.environ, "CI": ci, "CHROMIUM": "/nowhere/chromium"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert outcome in run.stdout.splitlines()[-1]
    assert "Chromium is missing: apt-get install chromium" in run.stdout
    assert run.returncode == (1 if ci else 0)


def test_a_missing_browser_says_how_to_get_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHROMIUM", "/nowhere/chromium")
    with pytest.raises(MissingToolError, match="apt-get install chromium"):
        find_chromium()


def test_a_missing_postgresql_says_how_to_get_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(postgresql, "WHEELS", tmp_path)
    monkeypatch.setattr(postgresql, "servers_home", lambda: tmp_path)
    with pytest.raises(MissingToolError, match="make postgresql"):
        PostgresServer().start()


# --- PostgreSQL --------------------------------------------------------------------------------------------------


def with_a_note(url: str) -> None:
    """Stands for the migrations: one table with one row."""
    with admin_connection(url) as connection:
        connection.execute("CREATE TABLE note (text text)")
        connection.execute("INSERT INTO note VALUES ('ជំនួយ')")


def notes(url: str) -> list[object]:
    with admin_connection(url) as connection:
        return [row[0] for row in connection.execute("SELECT text FROM note ORDER BY text")]


@pytest.fixture
def databases(postgresql_server: PostgresServer) -> Iterator[Databases]:
    with contextlib.closing(Databases(postgresql_server.url(), with_a_note)) as databases:
        databases._prefix = "tooling"
        yield databases


def test_each_test_has_a_database_of_its_own(databases: Databases) -> None:
    first, second = databases.create(), databases.create()
    with admin_connection(first) as connection:
        connection.execute("DELETE FROM note")
    assert notes(second) == ["ជំនួយ"]
    databases.drop(first)
    databases.drop(second)


@pytest.mark.parametrize("end", ["stop", "kill9"])
def test_what_was_committed_is_there_after_an_outage(
    databases: Databases, postgresql_server: PostgresServer, end: str
) -> None:
    url = databases.create()
    getattr(postgresql_server, end)()
    assert not postgresql_server.running
    postgresql_server.start()
    assert notes(url) == ["ជំនួយ"]
    databases.drop(url)


def test_a_server_does_not_outlive_a_killed_run() -> None:
    script = (
        "from tests.support.postgresql import PostgresServer\n"
        "server = PostgresServer(); server.start(); print(server._process.pid, server._folder, flush=True); input()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script], cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as run:
        assert run.stdout is not None
        pid, folder = run.stdout.readline().split()
        run.send_signal(signal.SIGKILL)
    wait_until(lambda: not running(int(pid)) and not Path(folder).exists(), "the server is gone")


# --- the service -------------------------------------------------------------------------------------------------

STAND_IN = """
import http.server, os, sys
class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/readyz" else 500)
        self.end_headers()
print("serving as", sys.argv[1], sorted(name for name in os.environ if name.startswith("TELEGRAM")), flush=True)
http.server.HTTPServer(("127.0.0.1", int(os.environ["PORT"])), Page).serve_forever()
"""


@pytest.fixture
def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    """A stand-in for the service: what is tested is the tool that starts and stops it."""
    monkeypatch.setenv("TELEGRAM_TOKEN", "a developer's own")
    (tmp_path / "stand_in.py").write_text(STAND_IN)
    with Service(tmp_path, {"PYTHONPATH": str(tmp_path)}, command="web", module="stand_in") as service:
        yield service


def test_a_service_comes_back_on_its_port(service: Service) -> None:
    url = service.url
    assert service.status("/readyz") == 200
    assert service.status("/") == 500
    assert service.cpu_seconds() > 0
    service.kill9()
    assert service.status("/readyz") is None
    service.start()
    service.restart()
    assert (service.url, service.status("/readyz")) == (url, 200)
    assert service.log.count("serving as web []") == 3


def test_a_service_that_does_not_start_shows_its_log(tmp_path: Path) -> None:
    (tmp_path / "stand_in.py").write_text("raise SystemExit('no such setting')")
    service = Service(tmp_path, {"PYTHONPATH": str(tmp_path)}, module="stand_in")
    with pytest.raises(NotReadyError, match="it ended with code 1") as caught:
        service.start()
    assert "no such setting" in str(caught.value)


# --- catalogues --------------------------------------------------------------------------------------------------

GREETING = "Good day, {name}."
KHMER = "សួស្ដី {name}។"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A small repository whose catalogues are whole."""
    (tmp_path / "handlers").mkdir()
    (tmp_path / "locales").mkdir()
    shutil.copy(REPOSITORY / "locales" / "babel.cfg", tmp_path / "locales")
    (tmp_path / "handlers" / "hello.py").write_text(f'HELLO = _("{GREETING}")\n')
    catalogue.update(tmp_path)
    change(tmp_path, "km", f'msgid "{GREETING}"\nmsgstr ""', f'msgid "{GREETING}"\nmsgstr "{KHMER}"')
    assert list(catalogue.problems(tmp_path)) == []
    return tmp_path


def change(project: Path, locale: str, old: str, new: str) -> None:
    path = catalogue.po_path(project, locale)
    before = path.read_text()
    assert old in before
    path.write_text(before.replace(old, new))


@pytest.mark.parametrize(
    ("locale", "old", "new", "problem"),
    [
        ("km", KHMER, "", "has no translation"),
        ("en", f'msgstr "{GREETING}"', 'msgstr ""', "has no translation"),
        ("km", "python-brace-format", "fuzzy, python-brace-format", "is fuzzy"),
        ("km", KHMER, "សួស្ដី {nam}", "has the placeholders ['name'], its translation ['nam']"),
        ("en", 'msgstr "Good day, {name}', 'msgstr "Good day', "has the placeholders ['name'], its translation []"),
        ("km", KHMER, "Hello {name}", "has no Khmer letter"),
        ("km", "ស្ដី", "ស្", "cut after U+17D2"),
        ("km", "ស្ដី", "ស្\u200bដី", "cut after U+17D2"),
        ("km", "ស្ដី", "ស្ដ\u200bី", "no letter before it"),
        ("km", f'msgid "{GREETING}"', 'msgid "Good night, {name}."', "is no longer said"),
        ("km", f'msgstr "{KHMER}"', f'msgstr "{KHMER}', "not as `make catalogues` writes it"),
        ("km", f'msgstr "{KHMER}"', "rubbish", "cannot be read"),
    ],
)
def test_each_fault_of_a_catalogue_is_found(project: Path, locale: str, old: str, new: str, problem: str) -> None:
    change(project, locale, old, new)
    found = list(catalogue.problems(project))
    assert any(problem in line and f"locales/{locale}/" in line for line in found), found
    assert catalogue.main(["check", "--root", str(project)]) == 1


def test_a_text_that_only_the_code_has_is_found(project: Path) -> None:
    (project / "handlers" / "bye.py").write_text('_("Goodbye.")\n')
    found = list(catalogue.problems(project))
    assert found[0] == "locales/messages.pot: not what the code says; run `make catalogues`"
    assert "locales/km/LC_MESSAGES/messages.po: 'Goodbye.' has no translation" in found


def test_an_update_keeps_translations_and_the_wish_for_a_native_reader(project: Path) -> None:
    change(project, "km", f'msgid "{GREETING}"', f'msgid "{GREETING}"')
    change(project, "km", "#: handlers/hello.py", "# from the glossary\n#. review: too formal?\n#: handlers/hello.py")
    (project / "handlers" / "bye.py").write_text('_("Goodbye.")\n')
    catalogue.update(project)
    first = catalogue.po_path(project, "km").read_text()
    catalogue.update(project)
    assert catalogue.po_path(project, "km").read_text() == first
    assert KHMER in first
    assert "# from the glossary\n#. review: too formal?\n" in first
    assert 'msgid "Goodbye."\nmsgstr ""' in first
    assert 'msgid "Goodbye."\nmsgstr "Goodbye."' in catalogue.po_path(project, "en").read_text()
    (project / "handlers" / "bye.py").unlink()
    catalogue.update(project)
    assert "Goodbye" not in catalogue.po_path(project, "km").read_text()


def test_texts_of_templates_are_found(project: Path) -> None:
    folder = project / "bot" / "console" / "templates"
    folder.mkdir(parents=True)
    (folder / "page.html").write_text('{{ _("Alerts") }} {% trans %}Open\n complaints{% endtrans %}')
    ids = [message.id for message in catalogue.extract(project)]
    assert ids == ["", "Alerts", "Open complaints", GREETING]


# --- locked dependencies -----------------------------------------------------------------------------------------


def pins(name: str) -> set[str]:
    return set(re.findall(r"^(\S+==\S+)", (REPOSITORY / "requirements" / name).read_text(), re.M))


def test_tests_run_on_what_the_service_runs_on() -> None:
    assert pins("run.txt") <= pins("dev.txt")
    assert len(pins("postgresql.txt")) == 1
