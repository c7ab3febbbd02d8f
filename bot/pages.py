"""What every page shares: templates in two languages, the style sheet, the Khmer font."""

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Any

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import FileResponse, HTMLResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from bot.dialog.says import Words
from bot.i18n import HOME, Catalogues
from bot.text import khmer, reference

STATIC = Path(__file__).resolve().parent / "static"
FONT = files("fontpkg_noto_sans_khmer") / "files" / "NotoSansKhmer[wdth,wght].ttf"
YEAR = "public, max-age=31536000, immutable"
LANGUAGE_COOKIE = "language"


class Pages:
    """Templates of one folder. `pages.show("x.html", request, language, …)` is a whole HTML answer."""

    def __init__(self, folder: Path, catalogues: Catalogues) -> None:
        self._catalogues = catalogues
        self._by_language = {language: self._environment(folder, language) for language in ("km", "en")}

    def render(self, template: str, language: str, **values: Any) -> str:
        return self._by_language[language].get_template(template).render(language=language, **values)

    def show(
        self,
        template: str,
        request: Request,
        language: str,
        *,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        **values: Any,
    ) -> HTMLResponse:
        body = self.render(template, language, request=request, **values)
        return HTMLResponse(body, status, dict(headers or {}))

    def _environment(self, folder: Path, language: str) -> Environment:
        made = Environment(
            loader=FileSystemLoader(folder),
            autoescape=select_autoescape(default=True),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            extensions=["jinja2.ext.i18n"],
        )
        made.install_gettext_callables(  # type: ignore[attr-defined]  # the i18n extension adds it
            lambda text: self._catalogues.text(text, language),
            lambda one, many, n: self._catalogues.text(one, language),
            newstyle=True,
        )
        made.globals["static"] = static_url
        made.filters |= {
            "words": lambda words: self._catalogues.words(words, language) if isinstance(words, Words) else words,
            "reference": reference.show,
            "moment": lambda when: khmer.moment(in_zone(when), language),
            "day": lambda iso: khmer.day(iso, language),
            "duration": lambda length: khmer.duration(abs(length), language),
            "digits": lambda number: khmer.to_khmer_digits(str(number)) if language == "km" else str(number),
            "iso": lambda when: when.isoformat(),
        }
        return made


def in_zone(when: datetime) -> datetime:
    """Staff see Phnom Penh's time."""
    return when.astimezone(HOME)


def language_of(request: Request) -> str:
    """`?lang=`, else the cookie, else Khmer."""
    asked = request.query_params.get("lang") or request.cookies.get(LANGUAGE_COOKIE)
    return asked if asked in ("km", "en") else "km"


@lru_cache(maxsize=64)
def static_url(name: str) -> str:
    """An address that changes with the content, so that it may be kept for a year."""
    content = FONT.read_bytes() if name == "khmer.ttf" else (STATIC / name).read_bytes()
    return f"/static/{name}?v={sha256(content).hexdigest()[:12]}"


router = APIRouter()


@router.get("/static/khmer.ttf", include_in_schema=False)
def font() -> Response:
    return Response(FONT.read_bytes(), media_type="font/ttf", headers={"cache-control": YEAR})


@router.get("/static/{name:path}", include_in_schema=False)
def static(name: str) -> Response:
    path = (STATIC / name).resolve()
    if not path.is_relative_to(STATIC) or not path.is_file():
        raise HTTPException(404)
    return FileResponse(path, headers={"cache-control": YEAR})
