"""Bytes of an HTTP request to Bot API parameters: query, urlencoded form, multipart form or JSON, all as strings."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import parse_qsl, unquote

from .errors import ApiError, bad

Params = dict[str, str]
Files = dict[str, tuple[str, bytes]]

_ESCAPES = re.compile(rb"(?:%[0-9a-fA-F]{2})+")
_NAME = re.compile(r'\bname="?([^";]*)"?')
_FILENAME = re.compile(r'filename="((?:[^"\\]|\\.)*)"')
_FILENAME_STAR = re.compile(r"filename\*=(?:utf-8|UTF-8)''([^;\s]+)")


def parse_body(query: str, content_type: str, body: bytes) -> tuple[Params, Files]:
    """Parameters and uploaded files of one request; a later place (the body) wins over an earlier one (the query)."""
    params: Params = {}
    files: Files = {}
    try:
        if query:
            params.update(parse_qsl(query, keep_blank_values=True, errors="strict"))
        if body:
            kind = content_type.partition(";")[0].strip().lower()
            if kind == "application/x-www-form-urlencoded":
                _form(body, params)
            elif kind == "multipart/form-data":
                _multipart(content_type, body, params, files)
            elif kind == "application/json":
                _json(body, params)
    except UnicodeDecodeError as error:
        raise bad("strings must be encoded in UTF-8") from error
    return params, files


def _form(body: bytes, params: Params) -> None:
    """A urlencoded body. Runs of escapes are decoded at once: Khmer text is nothing but escapes."""
    for pair in body.replace(b"+", b" ").split(b"&"):
        name, _, value = pair.partition(b"=")
        if b"%" in value:
            value = _ESCAPES.sub(_unescape, value)
        params[_ESCAPES.sub(_unescape, name).decode()] = value.decode()


def _unescape(run: re.Match[bytes]) -> bytes:
    return bytes.fromhex(run.group().replace(b"%", b"").decode())


def _json(body: bytes, params: Params) -> None:
    try:
        values = json.loads(body)
    except ValueError as error:
        raise bad("can't parse JSON object") from error
    if not isinstance(values, dict):
        raise bad("can't parse JSON object")
    for name, value in values.items():
        if value is not None:
            params[name] = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _multipart(content_type: str, body: bytes, params: Params, files: Files) -> None:
    boundary = content_type.partition("boundary=")[2].partition(";")[0].strip().strip('"')
    if not boundary:
        raise bad("boundary not found")
    for part in body.split(b"--" + boundary.encode())[1:-1]:
        head, _, content = part.partition(b"\r\n\r\n")
        content = content[:-2]
        headers = head.decode()
        name = _NAME.search(headers)
        if not name:
            continue
        filename = _FILENAME.search(headers)
        starred = _FILENAME_STAR.search(headers)
        if filename or starred:
            label = unquote(starred[1]) if starred else (filename[1] if filename else "")
            files[name[1]] = (label.replace('\\"', '"'), content)
        else:
            params[name[1]] = content.decode()


def flag(params: Params, name: str) -> bool:
    return params.get(name, "").strip().lower() in ("true", "yes", "1")


def integer(params: Params, name: str, default: int = 0) -> int:
    """As the server reads one: what is not a number counts as zero."""
    text = params.get(name)
    if text is None:
        return default
    try:
        return int(text)
    except ValueError:
        return 0


def number(params: Params, name: str) -> float | None:
    try:
        return float(params[name])
    except (KeyError, ValueError):
        return None


def json_param(params: Params, name: str, error: str) -> Any:
    """The decoded parameter, None when absent or empty; `error` is the server's text for undecodable JSON."""
    text = params.get(name)
    if not text:
        return None
    try:
        return json.loads(text)
    except ValueError as problem:
        raise bad(error) from problem


def field(value: dict[str, Any], name: str, kind: type, label: str, context: str = "") -> Any:
    """An optional typed field of a JSON object, refused in the server's words when of another type."""
    found = value.get(name)
    if found is None:
        return None
    if kind is str and isinstance(found, int | float) and not isinstance(found, bool):
        return str(found)
    if not isinstance(found, kind) or (kind is int and isinstance(found, bool)):
        raise bad(f'{context}Field "{name}" must be of type {label}')
    return found


def dumps(value: Any) -> bytes:
    """JSON as the server writes it: compact, everything outside ASCII escaped."""
    return json.dumps(value, separators=(",", ":")).encode()


__all__ = ["ApiError", "Files", "Params", "dumps", "field", "flag", "integer", "json_param", "number", "parse_body"]
