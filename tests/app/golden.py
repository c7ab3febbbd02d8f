"""What the service asked of a platform, as text that can be compared byte for byte with a kept file."""

import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from urllib.parse import parse_qsl, urlencode

FOLDER = Path(__file__).parent / "golden"
VARYING: tuple[tuple[str, str], ...] = (
    (r"http%3A%2F%2F127\.0\.0\.1%3A\d+|http://127\.0\.0\.1:\d+", "http://here"),  # ports
    (r"(?<=--)[0-9a-f]{32}", "BOUNDARY"),  # between the parts of a multipart body
    (r"ថ្ងៃ\S+ ទី[០-៩]+ ខែ\S+ ឆ្នាំ[០-៩]+ ម៉ោង [០-៩]+:[០-៩]+", "MOMENT"),
    (r"[០-៩]+ ម៉ោង [០-៩]+ នាទី", "TIME LEFT"),
)
"""What is another each time, and what stands for it. References are named by the test, which knows them."""


def normalised(text: str, names: Mapping[str, str]) -> str:
    """`text` with everything that varies between two runs replaced; `names`: more such words, and what to write."""
    parts = dict.fromkeys(re.findall(r"attach://([\w-]+)", text), "PART")  # aiogram's name for a file in the body
    for word, name in {**names, **parts}.items():
        text = text.replace(word, name)
    for pattern, name in VARYING:
        text = re.sub(pattern, name, text)
    return text


def written(method: str, body: bytes) -> str:
    """One request. A form is shown a field a line, when encoding those fields again gives exactly its bytes."""
    text = body.decode("utf-8", "backslashreplace").replace("\r\n", "\n")
    pairs = parse_qsl(text, keep_blank_values=True)
    if pairs and urlencode(pairs).encode() == body:
        text = "\n".join(f"{name}={value}" for name, value in pairs)
    text = re.sub(r"[\0-\x09\x0b-\x1f\x7f]", lambda found: f"\\x{ord(found[0]):02x}", text)
    return f"--- {method}\n{text}\n"


def compare(name: str, requests: Iterable[tuple[str, bytes]], names: Mapping[str, str]) -> None:
    """With the kept file; REWRITE_GOLDEN=1 writes it anew."""
    found = normalised("".join(written(method, body) for method, body in requests), names)
    path = FOLDER / name
    if os.environ.get("REWRITE_GOLDEN"):
        path.write_bytes(found.encode())
    expected = path.read_bytes().decode()
    assert found == expected, f"{name} is another; if that is meant: REWRITE_GOLDEN=1"
