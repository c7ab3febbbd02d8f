"""One person with a telephone: what they do, and what they see."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from . import events
from .chat import Button, QuickReply, Seen
from .rates import Window

if TYPE_CHECKING:
    from .server import MessengerEmulator

REF = re.compile(r"^[A-Za-z0-9_\-=]{1,2083}$")
TYPING_SECONDS = 20.0
LIKE_STICKER = 369239263222822
EXTENSIONS = {"image": "jpg", "audio": "mp4", "video": "mp4", "file": "bin", "sticker": "png"}


class PersonError(Exception):
    """A person cannot do this: there is no such button, message or permission on their screen."""


class Person:
    """Somebody known to the Page by a PSID; has not written yet unless `wrote_ago` says so."""

    def __init__(self, fb: MessengerEmulator, psid: str, **given: Any) -> None:
        self.fb = fb
        self.psid = psid
        self.asid = str(given.get("asid") or f"10{psid}")
        self.first_name: str = given.get("first_name", "Sok")
        self.last_name: str = given.get("last_name", "Dara")
        self.locale: str = given.get("locale", "en_US")
        self.timezone: float = given.get("timezone", 7)
        self.phone: str = given.get("phone", "+85512345678")
        self.phone_only: bool = given.get("phone_only", False)
        self.has_role: bool = given.get("has_role", False)
        self.owner: str | None = None
        self.blocked = False
        self.unavailable = False
        self.last_at: float | None = None
        self.window_until = 0.0
        self.chat: list[Seen] = []
        self.said: list[str] = []
        self.opened: list[str] = []
        self.seen_by_page = False
        self.rate = Window()
        self._typing_until = 0.0
        self._ref: dict[str, Any] | None = None
        self._waiters: list[asyncio.Future[None]] = []
        self._by_mid: dict[str, Seen] = {}

    # What they see

    @property
    def quick_replies(self) -> tuple[QuickReply, ...]:
        """The answers offered right now, under the last message."""
        return self.chat[-1].quick_replies if self.chat else ()

    @property
    def typing(self) -> bool:
        """Does the Page seem to be typing?"""
        return self.fb.clock.now() < self._typing_until

    def receives(self, seen: Seen) -> None:
        """A message reaches the screen."""
        if self.chat:
            self.chat[-1].quick_replies = ()
        self.chat.append(seen)
        self._by_mid[seen.mid] = seen
        self._typing_until = 0.0
        self.fb.delivered_to(self, seen)
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)

    def sees_action(self, action: str) -> None:
        """Typing dots, or the small sign that the Page has read."""
        if action == "mark_seen":
            self.seen_by_page = True
        elif action.startswith("typing"):
            self._typing_until = self.fb.clock.now() + TYPING_SECONDS if action == "typing_on" else 0.0

    async def sees(self, what: int | str | Callable[[Seen], bool] = 1, timeout: float = 5.0, since: int = 0) -> Seen:
        """Wait (real seconds) for that many messages, or for one that contains the text or satisfies the predicate."""
        try:
            async with asyncio.timeout(timeout):
                while (found := self._find(what, since)) is None:
                    waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
                    self._waiters.append(waiter)
                    await waiter
                return found
        except TimeoutError:
            texts = [seen.text for seen in self.chat[since:]]
            raise TimeoutError(f"{self.psid} did not see {what!r} in {timeout} s; on the screen: {texts!r}") from None

    def _find(self, what: int | str | Callable[[Seen], bool], since: int) -> Seen | None:
        if isinstance(what, int):
            return self.chat[since + what - 1] if len(self.chat) - since >= what else None
        test = (lambda seen: what in (seen.text or "")) if isinstance(what, str) else what
        return next((seen for seen in self.chat[since:] if test(seen)), None)

    # What they do; each returns the mid (or the key under which `delivered` will have it)

    async def sends(self, text: str, reply_to: str | None = None) -> str:
        """Types and sends."""
        mid = self._acts()
        self.said.append(text)
        own = reply_to is not None and reply_to not in self._by_mid
        return self._tells("messages", message=events.text_message(mid, text, reply_to=reply_to, own=own), key=mid)

    async def sends_image(self, data: bytes, mime: str = "image/jpeg") -> str:
        """Sends a picture."""
        return await self._sends_media("image", data, mime, None)

    async def sends_audio(self, data: bytes, mime: str = "audio/mp4") -> str:
        """Sends a voice message."""
        return await self._sends_media("audio", data, mime, None)

    async def sends_video(self, data: bytes, mime: str = "video/mp4") -> str:
        """Sends a film."""
        return await self._sends_media("video", data, mime, None)

    async def sends_file(self, data: bytes, mime: str = "application/pdf", name: str | None = None) -> str:
        """Sends a document."""
        return await self._sends_media("file", data, mime, name)

    async def sends_sticker(self, sticker_id: int = LIKE_STICKER, data: bytes = b"\x89PNG sticker") -> str:
        """Sends a sticker: an attachment of type sticker only."""
        mid = self._acts()
        stored = self.fb.media.store("image", data, "image/png", f"{sticker_id}.png", False)
        payload = {"url": self.fb.media.address(stored), "sticker_id": sticker_id}
        return self._tells("messages", message=events.attachment_message(mid, "sticker", payload), key=mid)

    async def sends_location(self, lat: float, long: float) -> str:
        """Shares a place."""
        mid = self._acts()
        return self._tells("messages", message=events.location_message(mid, lat, long), key=mid)

    async def _sends_media(self, kind: str, data: bytes, mime: str, name: str | None) -> str:
        mid = self._acts()
        stored = self.fb.media.store(kind, data, mime, name or f"{mid[-12:]}.{EXTENSIONS[kind]}", False)
        payload = {"url": self.fb.media.address(stored)}
        return self._tells("messages", message=events.attachment_message(mid, kind, payload), key=mid)

    async def taps(self, what: str) -> str:
        """Taps a quick reply of the last message, or a template button above (newest first), by title or payload."""
        for reply in self.quick_replies:
            if reply.content_type == "user_phone_number" and what in ("user_phone_number", self.phone):
                return self._answers(self.phone, self.phone)
            if reply.content_type == "text" and what in (reply.title, reply.payload):
                return self._answers(reply.title, reply.payload)
        for seen in reversed(self.chat):
            if seen.one_time_payload is not None and what in ("Notify Me", seen.one_time_payload):
                return self._wants_one_time(seen.one_time_payload)
            for button in seen.all_buttons():
                if what in (button.title, button.payload):
                    return self._presses(button)
        offered = [reply.title for reply in self.quick_replies] + [
            b.title for seen in self.chat for b in seen.all_buttons()
        ]
        raise PersonError(f"nothing to tap called {what!r}; offered: {offered!r}")

    def _answers(self, title: str, payload: str) -> str:
        mid = self._acts()
        self.said.append(title)
        return self._tells("messages", message=events.text_message(mid, title, payload), key=mid)

    def _presses(self, button: Button) -> str:
        if button.type != "postback":
            self.opened.append(button.url or button.payload)
            return ""
        return self._posts_back(button.title, button.payload)

    def _posts_back(self, title: str, payload: str, ref: dict[str, Any] | None = None) -> str:
        mid = self._acts()
        return self._tells("messaging_postbacks", postback=events.postback(mid, title, payload, ref), key=mid)

    def _wants_one_time(self, payload: str) -> str:
        self._acts()
        token = f"{self.fb.next_mid()[2:]}token"
        self.fb.one_time_tokens[token] = self
        body = {"type": "one_time_notif_req", "payload": payload, "one_time_notif_token": token}
        return self._tells("messaging_optins", optin=body)

    async def gets_started(self, ref: str = "", payload: str | None = None) -> str:
        """Presses Get Started; the Page must have set one (or pass `payload`), and ice breakers hide it."""
        if payload is None:
            payload = self.fb.profile.get_started_payload()
            if payload is None:
                raise PersonError("the Page shows no Get Started button (none set, or ice breakers hide it)")
        referred = events.referral(checked_ref(ref)) if ref else self._ref
        self._ref = None
        return self._posts_back("Get Started", payload, referred)

    async def taps_menu(self, what: str) -> str:
        """Chooses from the persistent menu, by title or payload; commands hide the menu."""
        for entry in self.fb.profile.menu_for(self.locale):
            if what in (entry["title"], entry.get("payload"), entry.get("url")):
                return self._presses(
                    Button(entry["type"], entry["title"], entry.get("payload", ""), entry.get("url", ""))
                )
        raise PersonError(f"the persistent menu does not show {what!r}")

    async def taps_ice_breaker(self, what: str) -> str:
        """Chooses one of the questions offered to a newcomer, by question or payload."""
        for entry in self.fb.profile.ice_breakers_for(self.locale):
            if what in (entry["question"], entry["payload"]):
                return self._posts_back(entry["question"], entry["payload"])
        raise PersonError(f"no ice breaker {what!r}")

    async def reacts(self, mid: str, name: str = "love") -> str:
        """Reacts to a message of the Page."""
        return self._reacts(mid, name, "react")

    async def unreacts(self, mid: str, name: str = "love") -> str:
        """Takes a reaction back."""
        return self._reacts(mid, name, "unreact")

    def _reacts(self, mid: str, name: str, action: str) -> str:
        if mid not in self._by_mid:
            raise PersonError(f"no message {mid!r} on the screen")
        self._acts(keeps_quick_replies=True)
        return self._tells("message_reactions", reaction=events.reaction(mid, name, action))

    async def opens_link(self, ref: str, ad_id: str | None = None) -> str:
        """Opens m.me/page?ref=… (or an ad); in a new thread nothing is told until Get Started is pressed."""
        body = events.referral(checked_ref(ref), "ADS" if ad_id else "SHORTLINK", ad_id)
        new = self.last_at is None
        if ad_id:
            self.window_until = self.fb.clock.now() + self.fb.switches.ad_window_days * 86400.0
        if new:
            self._ref = body
            self.window_until = 0.0 if not ad_id else self.window_until
            return ""
        self._acts(keeps_quick_replies=True)
        return self._tells("messaging_referrals", referral=body)

    async def opts_in(self, ref: str, user_ref: str) -> str:
        """Ticks the checkbox plugin on a web page."""
        self.fb.user_refs[user_ref] = self
        return self._tells("messaging_optins", optin={"ref": ref, "user_ref": user_ref})

    async def reads(self) -> str:
        """Looks at the conversation."""
        return self._tells("message_reads", read={"watermark": self.fb.now_ms()})

    async def blocks(self) -> None:
        """Blocks the Page."""
        self.blocked = True

    async def unblocks(self) -> None:
        """Lets the Page write again."""
        self.blocked = False

    def _acts(self, keeps_quick_replies: bool = False) -> str:
        if self.blocked:
            raise PersonError("a person who has blocked the Page cannot write to it")
        if self.last_at is None:
            self.fb.engaged += 1
        self.last_at = self.fb.clock.now()
        if self.chat and not keeps_quick_replies:
            self.chat[-1].quick_replies = ()
        return self.fb.next_mid()

    def _tells(self, field: str, key: str = "", **what: Any) -> str:
        event = events.item(self.psid, self.fb.page_id, self.fb.now_ms(), **what)
        return self.fb.emit(self, field, event, key)


def checked_ref(ref: str) -> str:
    """A ref the platform allows in a link."""
    if not REF.match(ref):
        raise ValueError("a ref has only A-Z a-z 0-9 _ - = and at most 2083 characters")
    return ref
