"""Fixtures and rules of the whole test run."""

from collections.abc import AsyncIterator, Generator

import pytest

from tests.support.chromium import Pages, open_chromium
from tests.support.missing import MissingToolError, skips_allowed

pytest_plugins = ["tests.support.databases", "tests.support.passwords"]

BROWSER_FIXTURES = frozenset({"browser_page"})
POSTGRESQL_FIXTURES = frozenset({"postgresql_url", "postgresql_server"})


@pytest.fixture
async def browser_page() -> AsyncIterator[Pages]:
    """Opens pages in Chromium: `page = await browser_page("phone", base_url=…)`, or "desktop"."""
    async with open_chromium() as pages:
        yield pages
    assert pages.errors == [], "errors in the page; a test that expects one takes it out of browser_page.errors"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tests by what they use, so that `-m "not browser and not postgresql"` is a quick run."""
    for item in items:
        names = set(getattr(item, "fixturenames", ()))
        callspec = getattr(item, "callspec", None)
        if names & BROWSER_FIXTURES:
            item.add_marker("browser")
        if names & POSTGRESQL_FIXTURES or (callspec and callspec.params.get("database_url") == "postgresql"):
            item.add_marker("postgresql")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """In CI a test that a missing tool would skip has failed: there, everything must have been installed."""
    report = yield
    if call.excinfo and isinstance(call.excinfo.value, MissingToolError) and not skips_allowed():
        report.outcome = "failed"
        report.longrepr = f"in CI a missing tool is a failure: {call.excinfo.value.msg}"
    return report
