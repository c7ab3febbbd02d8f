"""Files of a thread: opened only by who may see their complaint, in pieces where a player asks for pieces."""

import asyncio
import re

from fastapi import APIRouter, Request, Response
from sqlalchemy import Connection

from bot.console.auth import Entrance
from bot.console.pages import Desk
from bot.console.views import SHOWN_IN_PAGE
from bot.domain.audit import OPEN_FILE
from storage import attachments, caseload
from storage.attachments import KEPT, Kept

INLINE = (*SHOWN_IN_PAGE, "audio/", "video/")
SERVED_AS = {
    "audio/m4a": "audio/mp4",
    "audio/x-wav": "audio/wav",
    "audio/x-flac": "audio/flac",
    "video/x-m4v": "video/mp4",
}
"""The registered names of what the sniffer calls otherwise (IANA media types)."""
ENDINGS = {
    "image/jpeg": "jpg",
    "audio/mpeg": "mp3",
    "audio/mp4": "m4a",
    "video/quicktime": "mov",
    "video/3gpp": "3gp",
    "video/x-matroska": "mkv",
    "application/msword": "doc",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
}
SANDBOX = (
    "sandbox; default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'none'"
)
"""For a file opened in a tab of its own; the browser's own viewers bring inline styles."""
RANGE = re.compile(r"bytes=(\d{0,12})-(\d{0,12})")


class BadRange(ValueError):
    """No byte of the file is in that range."""


def wanted(header: str, size: int) -> tuple[int, int] | None:
    """First and last byte, both inclusive; None for the whole file. Raises BadRange. See RFC 9110, 14.1.2."""
    found = RANGE.fullmatch(header.replace(" ", ""))
    if not found or found.group(1) == found.group(2) == "":
        return None  # several ranges, other units: the whole file is a right answer
    first, last = found.groups()
    if not first:
        if not int(last) or not size:
            raise BadRange
        return max(0, size - int(last)), size - 1
    if last and int(last) < int(first):
        return None
    if int(first) >= size:
        raise BadRange
    return int(first), min(int(last), size - 1) if last else size - 1


def answer(content: bytes, mime: str, name: str, range_header: str) -> Response:
    """The file, or the piece of it that was asked for."""
    shown = "inline" if mime.startswith(INLINE) else "attachment"
    headers = {
        "content-disposition": f'{shown}; filename="{name}"',
        "content-security-policy": SANDBOX,
        "cross-origin-resource-policy": "same-origin",
        "cache-control": "private, no-store",
        "accept-ranges": "bytes",
    }
    try:
        piece = wanted(range_header, len(content))
    except BadRange:
        return Response(status_code=416, headers={**headers, "content-range": f"bytes */{len(content)}"})
    if piece is None:
        return Response(content, 200, headers, media_type=mime)
    first, last = piece
    headers["content-range"] = f"bytes {first}-{last}/{len(content)}"
    return Response(content[first : last + 1], 206, headers, media_type=mime)


def routes(to: APIRouter, desk: Desk, entrance: Entrance) -> None:
    """`/files/{attachment_id}`."""

    @to.get("/files/{attachment_id}")
    async def file(request: Request, attachment_id: str) -> Response:
        officer = await entrance.required(request)

        def find(connection: Connection) -> tuple[str | None, Kept | None]:
            complaint = caseload.complaint_of_file(connection, officer.reach, attachment_id)
            return complaint, attachments.get(connection, attachment_id) if complaint else None

        code, found = await desk.service.db.read(find)
        if code is None or found is None or found.state != KEPT:
            raise desk.problem("missing", request, officer)
        await desk.looked(request, officer, OPEN_FILE, "complaint", code, {"file": found.id})
        try:
            content = await asyncio.to_thread(desk.service.files.load, found.id)
        except FileNotFoundError:
            raise desk.problem("missing", request, officer) from None
        mime = SERVED_AS.get(found.mime, found.mime)
        ending = ENDINGS.get(mime) or mime.partition("/")[2].rpartition("-")[2]
        return answer(content, mime, f"{found.kind}-{found.id[:8]}.{ending}", request.headers.get("range", ""))
