"""Reads one HTTP request to the Graph API: version, node, edge, parameters, files, token."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote

from .errors import GraphError, invalid, required

VERSION = re.compile(r"^v(\d+)\.(\d+)$")


@dataclass(slots=True)
class Upload:
    """One file of a multipart request."""

    name: str
    mime: str
    data: bytes


@dataclass(slots=True)
class Call:
    """A request, understood; parameters from query, form and JSON body are one mapping, as on the platform."""

    method: str
    path: str
    version: int | None
    node: str
    edge: str
    query: dict[str, str]
    params: dict[str, Any]
    files: dict[str, Upload]
    token: str | None
    json: Any = None
    counted: bool = True
    extra: dict[str, Any] = field(default_factory=dict)

    def object(self, name: str) -> dict[str, Any]:
        """A parameter that is a JSON object, possibly written as a string in a form."""
        value = decode(self.params.get(name), name)
        if value is None:
            raise required(name)
        if not isinstance(value, dict):
            raise invalid(f"Param {name} must be a JSON object")
        return value

    def list(self, name: str) -> list[Any]:
        """A parameter that is a list: JSON, or words between commas."""
        value = self.params.get(name)
        if isinstance(value, str):
            value = decode(value, name) if value.lstrip().startswith("[") else [w for w in value.split(",") if w]
        if value is None:
            raise required(name)
        if not isinstance(value, list):
            raise invalid(f"Param {name} must be an array.")
        return value


def decode(value: object, name: str) -> object:
    """JSON inside a form field; an object stays what it is."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        raise invalid(f"Param {name} must be valid JSON") from None


def read(method: str, raw_path: str, headers: Mapping[str, str], body: bytes) -> Call:
    """The request as a Call; nothing is checked yet except that a version is a version."""
    path, _, raw_query = raw_path.partition("?")
    query = dict(parse_qsl(raw_query, keep_blank_values=True)) if raw_query else {}
    parts = [unquote(part) for part in path.split("/") if part]
    version: int | None = None
    if parts and (match := VERSION.match(parts[0])):
        version = int(match[1]) if match[2] == "0" else 0
        parts = parts[1:]
    params: dict[str, Any] = dict(query)
    files: dict[str, Upload] = {}
    parsed: Any = None
    if body:
        kind = headers.get("Content-Type", "")
        if kind.startswith("application/json"):
            parsed = _json_body(body)
            params.update(parsed)
        elif kind.startswith("application/x-www-form-urlencoded"):
            params.update(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
        elif kind.startswith("multipart/form-data"):
            fields, files = multipart(body, kind)
            params.update(fields)
    token = params.pop("access_token", None)
    if token is None:
        bearer = headers.get("Authorization", "")
        token = bearer[7:] if bearer[:7].lower() == "bearer " else None
    node, edge = [*parts, "", ""][:2]
    if len(parts) > 2:
        edge = "/".join(parts[1:])
    return Call(method, path, version, node, edge, query, params, files, token, parsed)


def _json_body(body: bytes) -> dict[str, Any]:
    try:
        parsed = json.loads(body)
    except ValueError:
        raise invalid("Param body must be valid JSON") from None
    if not isinstance(parsed, dict):
        raise GraphError(100, "(#100) Param body must be a JSON object")
    return parsed


def multipart(body: bytes, content_type: str) -> tuple[dict[str, str], dict[str, Upload]]:
    """Fields and files of a multipart/form-data body."""
    match = re.search(r'boundary="?([^";]+)"?', content_type)
    if match is None:
        raise invalid("Missing boundary in multipart/form-data")
    fields: dict[str, str] = {}
    files: dict[str, Upload] = {}
    for part in body.split(b"--" + match[1].encode())[1:]:
        if part.startswith(b"--"):
            break
        head, _, data = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        data = data.removesuffix(b"\r\n")
        lines = dict(_header(line) for line in head.decode("utf-8", "replace").split("\r\n") if ":" in line)
        disposition = lines.get("content-disposition", "")
        name = re.search(r'\bname="([^"]*)"', disposition)
        filename = re.search(r'filename="([^"]*)"', disposition)
        if name is None:
            continue
        if filename is None:
            fields[name[1]] = data.decode("utf-8", "replace")
        else:
            files[name[1]] = Upload(
                filename[1], lines.get("content-type", "application/octet-stream").split(";")[0], data
            )
    return fields, files


def _header(line: str) -> tuple[str, str]:
    key, _, value = line.partition(":")
    return key.strip().lower(), value.strip()
