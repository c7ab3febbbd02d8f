"""An officer at the console, as a browser without scripts would use it."""

import html
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp

from tests.app.commands import chumnuoy_aside
from tests.app.trip import Trip

LOGIN, PASSWORD = "dara", "a-long-password-48"
_HIDDEN = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)"')


class Officer:
    """Signed in; `page` reads a page, `reply` and `move` do what its forms do."""

    def __init__(self, http: aiohttp.ClientSession, url: str) -> None:
        self._http, self._url = http, url

    async def page(self, path: str) -> str:
        """A page of the console as text; fails unless it is there and the officer may see it."""
        async with self._http.get(f"{self._url}/console{path}") as answer:
            assert answer.status == 200, (path, answer.status)
            return html.unescape(await answer.text())

    async def reply(self, reference: str, text: str, picture: bytes = b"") -> None:
        form = aiohttp.FormData(default_to_multipart=True)
        for name, value in (await self._hidden(f"/complaints/{reference}")).items():
            form.add_field(name, value)
        form.add_field("text", text)
        if picture:
            form.add_field("file", picture, filename="a.png", content_type="image/png")
        await self._post(f"/complaints/{reference}/reply", form)

    async def move(self, reference: str, status: str, reason: str = "") -> None:
        hidden = await self._hidden(f"/complaints/{reference}")
        data = aiohttp.FormData({"csrf": hidden["csrf"], "status": status, "reason": reason})
        await self._post(f"/complaints/{reference}/status", data)

    async def sign_in(self, login: str) -> None:
        hidden = await self._hidden("/sign-in")
        fields = {"csrf": hidden["csrf"], "next": "", "login": login, "password": PASSWORD}
        await self._post("/sign-in", aiohttp.FormData(fields))

    async def _hidden(self, path: str) -> dict[str, str]:
        async with self._http.get(f"{self._url}/console{path}") as answer:
            return {name: html.unescape(value) for name, value in _HIDDEN.findall(await answer.text())}

    async def _post(self, path: str, form: aiohttp.FormData) -> None:
        async with self._http.post(f"{self._url}/console{path}", data=form, allow_redirects=False) as answer:
            assert answer.status == 303, (path, answer.status, re.findall(r'role="alert"[^<]*', await answer.text()))


@asynccontextmanager
async def officer(there: Trip, login: str = LOGIN) -> AsyncIterator[Officer]:
    """A new officer of this service, made on the command line and signed in."""
    names = ("--name-km", "ដារ៉ា", "--name-en", "Dara")
    made = await chumnuoy_aside(
        there.folder,
        "staff",
        "add",
        login,
        *names,
        "--role",
        "desk",
        stdin=PASSWORD + "\n",
        DATABASE_URL=there.database_url,
    )
    assert made.code == 0, made.words
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
        made_in = Officer(http, there.service.url)
        await made_in.sign_in(login)
        yield made_in
