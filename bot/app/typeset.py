"""Paper: a Typst template and its values made into a PDF or pictures, with our own fonts and nothing from outside."""

from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

FONTS = str(files("fontpkg_noto_sans_khmer") / "files")


@lru_cache(maxsize=1)
def fonts() -> Any:
    """Noto Sans Khmer, and what Typst itself brings; the machine's own fonts would make other pages elsewhere."""
    import typst

    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=True, font_paths=[FONTS])


def pdf(template: Path, values: Mapping[str, str], stamp: int) -> bytes:
    """The whole document. `stamp`: seconds since 1970 that it says it was made at, so that the same is the same."""
    pages = _compiled(template, values, "pdf", timestamp=stamp)
    return pages[0]


def pictures(template: Path, values: Mapping[str, str], ppi: float) -> list[bytes]:
    """Each page as a PNG."""
    return _compiled(template, values, "png", ppi=ppi)


def _compiled(template: Path, values: Mapping[str, str], kind: Literal["pdf", "png"], **options: Any) -> list[bytes]:
    """Some milliseconds of one core: call it from a thread, never from a transaction. Raises typst's TypstError."""
    import typst

    compiler = typst.Compiler(
        str(template),
        root=str(template.parent),
        font_paths=fonts(),
        ignore_system_fonts=True,
        sys_inputs=dict(values),
    )
    made: Any = compiler.compile(format=kind, **options)
    return made if isinstance(made, list) else [made]
