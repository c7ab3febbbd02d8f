"""One worker with a phone, the same on both platforms: says, taps, speaks, shows, hears."""

from collections.abc import Awaitable, Sequence
from typing import Protocol

from tests.app.trip import PATIENCE, Trip, until
from tests.emulators.messenger import Person as MessengerPerson
from tests.emulators.telegram import Person as TelegramPerson


class Walker(Protocol):
    """Somebody who uses the service. `heard`: what the service has told them so far, oldest first."""

    channel: str
    external_id: str

    @property
    def heard(self) -> Sequence[str]: ...
    @property
    def pictures(self) -> Sequence[bytes]: ...
    @property
    def codes(self) -> Sequence[str]:
        """Codes of the buttons under the last message."""

    @property
    def asked(self) -> bool:
        """Whether the last message ends a turn: it has buttons of some kind."""

    async def starts(self) -> None: ...
    async def says(self, text: str) -> None: ...
    async def taps(self, code: str) -> None: ...
    async def speaks(self, content: bytes) -> None: ...
    async def shows(self, content: bytes) -> None: ...


class TelegramWalker:
    """On Telegram."""

    channel = "telegram"

    def __init__(self, trip: Trip, number: int, name: str = "សុខា") -> None:
        self.person: TelegramPerson = trip.tg.person(number, name)
        self.external_id = str(number)

    @property
    def heard(self) -> Sequence[str]:
        return [message.text for message in self.person.heard]

    @property
    def pictures(self) -> Sequence[bytes]:
        return [message.media.content for message in self.person.heard if message.media]

    @property
    def codes(self) -> Sequence[str]:
        last = self.person.heard[-1:]
        return [button["callback_data"] for one in last for row in one.inline_keyboard for button in row]

    @property
    def asked(self) -> bool:
        return bool(self.person.heard and self.person.last.buttons)

    async def starts(self) -> None:
        await self.person.presses_start()

    async def says(self, text: str) -> None:
        await self.person.sends(text)

    async def taps(self, code: str) -> None:
        await self.person.taps(code)

    async def speaks(self, content: bytes) -> None:
        await self.person.sends_voice(content)

    async def shows(self, content: bytes) -> None:
        await self.person.sends_photo(content)


class MessengerWalker:
    """On Messenger."""

    channel = "messenger"

    def __init__(self, trip: Trip, psid: str) -> None:
        self.person: MessengerPerson = trip.fb.person(psid)
        self.external_id = psid

    @property
    def heard(self) -> Sequence[str]:
        return [message.text or "" for message in self.person.chat]

    @property
    def pictures(self) -> Sequence[bytes]:
        return [file.data for message in self.person.chat for file in message.attachments]

    @property
    def codes(self) -> Sequence[str]:
        return [reply.payload for reply in self.person.quick_replies]

    @property
    def asked(self) -> bool:
        return bool(self.person.quick_replies)

    async def starts(self) -> None:
        await self.person.gets_started()

    async def says(self, text: str) -> None:
        await self.person.sends(text)

    async def taps(self, code: str) -> None:
        await self.person.taps(code)

    async def speaks(self, content: bytes) -> None:
        await self.person.sends_audio(content, "audio/ogg")

    async def shows(self, content: bytes) -> None:
        await self.person.sends_image(content)


async def hears(walker: Walker, words: str, after: int = 0, seconds: float = PATIENCE) -> str:
    """Wait for a message with these words among those that come `after` so many; the whole message."""
    try:
        found = await until(
            lambda: next((text for text in walker.heard[after:] if words in text), None), repr(words), seconds
        )
    except TimeoutError as error:
        raise TimeoutError(f"{walker.channel} {error}; what came: {list(walker.heard[after:])}") from None
    return str(found)


async def turn(walker: Walker, act: Awaitable[None], seconds: float = PATIENCE) -> str:
    """Do something and wait for all that is said to it: the last message of a turn has buttons. Its text."""
    before = len(walker.heard)
    await act
    try:
        await until(lambda: len(walker.heard) > before and walker.asked, "a turn", seconds)
    except TimeoutError as error:
        raise TimeoutError(f"{walker.channel} {error}; what came: {list(walker.heard[before:])}") from None
    return "\n".join(walker.heard[before:])


async def offered(walker: Walker, code: str, seconds: float = PATIENCE) -> None:
    """Wait until the last message has this button."""
    try:
        await until(lambda: code in walker.codes, code, seconds)
    except TimeoutError as error:
        raise TimeoutError(f"{walker.channel} {error}; {walker.codes} under {list(walker.heard[-2:])}") from None


async def taps(walker: Walker, code: str) -> str:
    """Wait for the button, tap it, and wait for what is said to that."""
    await offered(walker, code)
    return await turn(walker, walker.taps(code))


async def says(walker: Walker, text: str) -> str:
    return await turn(walker, walker.says(text))
