"""What the Page itself sets up: Messenger profile, utility templates, batches."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.emulators.clock import TestClock
from tests.emulators.messenger import Limits, PersonError
from tests.emulators.messenger.driving import code, platform

pytestmark = pytest.mark.asyncio

START = {"get_started": {"payload": "start"}}
NEEDS_START = "(#100) You must set a Get Started button if you also wish to use persistent menu"


def menu(count: int = 1, locale: str = "default", **changed: Any) -> dict[str, Any]:
    item = {"type": "postback", "title": "Menu", "payload": "menu", **changed}
    return {"locale": locale, "composer_input_disabled": False, "call_to_actions": [item] * count}


def breakers(count: int) -> list[dict[str, Any]]:
    return [{"question": f"Question {number}", "payload": f"q{number}"} for number in range(count)]


def commands(count: int = 1, **changed: Any) -> list[dict[str, Any]]:
    return [{"locale": "default", "commands": [{"name": "help", "description": "Help", **changed}] * count}]


REFUSED: dict[str, dict[str, Any]] = {
    "nothing": {},
    "unknown field": {"colour": "red"},
    "menu without get started": {"persistent_menu": [menu()]},
    "menu without default": {**START, "persistent_menu": [menu(locale="th_TH")]},
    "menu with 21 items": {**START, "persistent_menu": [menu(21)]},
    "menu title of 31": {**START, "persistent_menu": [menu(title="x" * 31)]},
    "menu payload of 1001": {**START, "persistent_menu": [menu(payload="x" * 1001)]},
    "menu of nested items": {**START, "persistent_menu": [menu(type="nested")]},
    "menu link that is none": {**START, "persistent_menu": [menu(type="web_url", url="x")]},
    "menu locale twice": {**START, "persistent_menu": [menu(), menu()]},
    "menu in an unknown locale": {**START, "persistent_menu": [menu(), menu(locale="km_KH")]},
    "get started payload of 1001": {"get_started": {"payload": "x" * 1001}},
    "get started without payload": {"get_started": {}},
    "greeting of 161": {"greeting": [{"locale": "default", "text": "x" * 161}]},
    "greeting without default": {"greeting": [{"locale": "en_US", "text": "x"}]},
    "5 ice breakers": {"ice_breakers": breakers(5)},
    "101 commands": {"commands": commands(101)},
    "command name of 33": {"commands": commands(name="x" * 33)},
    "command description of 65": {"commands": commands(description="x" * 65)},
    "domain without https": {"whitelisted_domains": ["http://example.org"]},
}


@pytest.mark.parametrize("name", REFUSED)
async def test_profile_refused(name: str) -> None:
    async with platform() as (fb, graph):
        status, answer = await graph.call("POST", "me/messenger_profile", REFUSED[name])
        assert (status, answer["error"]["code"]) == (400, 100)
        assert fb.profile.fields == {}


async def test_profile_accepted_read_and_deleted() -> None:
    async with platform(limits=Limits.none()) as (_fb, graph):
        given: dict[str, Any] = {
            **START,
            "persistent_menu": [menu(20, title="x" * 30, payload="x" * 1000), menu(locale="th_TH", title="เมนู")],
            "greeting": [{"locale": "default", "text": "សួស្តី {{user_first_name}}"}],
        }
        assert await graph.call("POST", "me/messenger_profile", given) == (200, {"result": "success"})
        fields = "me/messenger_profile?fields=get_started,persistent_menu,greeting,commands"
        assert await graph.call("GET", fields) == (200, {"data": [given]})
        status, answer = await graph.call("DELETE", "me/messenger_profile", {"fields": ["get_started"]})
        assert (status, answer["error"]["message"]) == (400, NEEDS_START)
        gone = {"fields": ["get_started", "persistent_menu", "greeting"]}
        assert await graph.call("DELETE", "me/messenger_profile", gone) == (200, {"result": "success"})
        assert await graph.call("GET", fields) == (200, {"data": []})
        assert (await graph.call("GET", "me/messenger_profile?fields=colour"))[0] == 400


async def test_menu_in_the_language_of_the_person() -> None:
    async with platform() as (fb, graph):
        given = {**START, "persistent_menu": [menu(), menu(locale="th_TH", title="เมนู", payload="th")]}
        await graph.call("POST", "me/messenger_profile", given)
        thai, khmer = fb.person(locale="th_TH"), fb.person(locale="km_KH")
        await thai.taps_menu("เมนู")
        await khmer.taps_menu("Menu")
        assert [event["postback"]["payload"] for event in fb.events] == ["th", "menu"]
        with pytest.raises(PersonError):
            await khmer.taps_menu("เมนู")


async def test_ice_breakers_hide_get_started_and_commands_hide_the_menu() -> None:
    async with platform() as (fb, graph):
        sok = fb.person()
        await graph.call("POST", "me/messenger_profile", {**START, "persistent_menu": [menu()]})
        await sok.gets_started()
        await graph.call("POST", "me/messenger_profile", {"ice_breakers": breakers(4), "commands": commands(100)})
        with pytest.raises(PersonError):
            await sok.gets_started()
        with pytest.raises(PersonError):
            await sok.taps_menu("Menu")
        await sok.taps_ice_breaker("Question 2")
        assert fb.events[-1]["postback"]["payload"] == "q2"


def utility(text: str = "Case {{1}} is {{2}}.", **changed: Any) -> dict[str, Any]:
    body = {"type": "BODY", "text": text, "example": {"body_text": [["7", "closed"]]}}
    return {"name": "case", "language": "km", "category": "UTILITY", "components": [body], **changed}


def filled(*values: str, language: str = "km") -> dict[str, Any]:
    parameters = [{"type": "text", "text": value} for value in values]
    components = [{"type": "body", "parameters": parameters}]
    return {"template": {"name": "case", "language": {"code": language}, "components": components}}


async def test_utility_template_reaches_a_closed_window() -> None:
    async with platform(clock=TestClock()) as (fb, graph):
        sok = fb.person()
        status, answer = await graph.call("POST", f"{fb.page_id}/message_templates", utility())
        assert (status, answer) == (200, {"id": "7000000", "status": "APPROVED", "category": "UTILITY"})
        assert (await graph.send(sok.psid, filled("7", "បិទ"), "UTILITY"))[0] == 200
        assert sok.chat[0].text == "Case 7 is បិទ."
        for wrong in (filled("7"), filled("7", "x", "y"), filled("7", "x", language="en")):
            assert code((await graph.send(sok.psid, wrong, "UTILITY"))[1]) == (100, None)
        assert code((await graph.send(sok.psid, filled("7", "x"), "RESPONSE"))[1]) == (10, 2018278)
        listed = (await graph.call("GET", "me/message_templates"))[1]["data"]
        assert [(one["name"], one["status"]) for one in listed] == [("case", "APPROVED")]
        assert (await graph.call("DELETE", "me/message_templates?name=case"))[0] == 200
        assert code((await graph.send(sok.psid, filled("7", "x"), "UTILITY"))[1]) == (100, None)


BUTTONS = {"type": "BUTTONS", "buttons": [{"type": "QUICK_REPLY", "text": "Yes"}]}
BODY = {"type": "BODY", "text": "Done."}


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        (utility(components=[BODY, BUTTONS]), (100, 2018416)),
        (utility("x" * 1025), (100, None)),
        (utility(category="MARKETING"), (100, None)),
        (utility(name="Case 1"), (100, None)),
        (utility(components=[]), (100, None)),
        ({"name": "case"}, (100, None)),
    ],
)
async def test_template_refused(given: dict[str, Any], wanted: tuple[int, int | None]) -> None:
    async with platform() as (_, graph):
        assert code((await graph.call("POST", "me/message_templates", given))[1]) == wanted


async def test_template_without_examples_is_rejected_and_names_are_unique() -> None:
    async with platform() as (fb, graph):
        body = {"type": "BODY", "text": "Case {{1}}"}
        status, answer = await graph.call("POST", "me/message_templates", utility(components=[body]))
        assert (status, answer["status"]) == (200, "REJECTED")
        listed = (await graph.call("GET", "me/message_templates"))[1]["data"][0]
        assert listed["rejected_reason"] == "TEMPLATE_VARIABLES_MISSING_SAMPLE_VALUES"
        assert code((await graph.send(fb.person().psid, filled("7"), "UTILITY"))[1]) == (100, None)
        assert (await graph.call("POST", "me/message_templates", utility()))[0] == 400
        assert (await graph.call("POST", "me/message_templates", utility(language="en")))[0] == 200


async def test_batch() -> None:
    async with platform() as (fb, graph):
        sok = fb.person(wrote_ago=1)
        body = f'recipient={{"id":"{sok.psid}"}}&message={{"text":"{{}}"}}&messaging_type=RESPONSE'
        good = {"method": "POST", "relative_url": "me/messages", "body": body.replace("{}", "one")}
        bad = {"method": "POST", "relative_url": "v26.0/me/messages", "body": body.replace(sok.psid, "999")}
        read = {"method": "GET", "relative_url": f"{sok.psid}?fields=first_name"}
        status, answers = await graph.call("POST", f"{fb.url}/", data={"batch": json.dumps([good, bad, read])})
        assert (status, [one["code"] for one in answers]) == (200, [200, 400, 200])
        assert json.loads(answers[1]["body"])["error"]["error_subcode"] == 2018001
        assert json.loads(answers[2]["body"])["first_name"] == "Sok"
        assert [seen.text for seen in sok.chat] == ["one"]


async def test_batch_of_51() -> None:
    async with platform() as (fb, graph):
        call = {"method": "GET", "relative_url": "me"}
        assert len((await graph.call("POST", f"{fb.url}/", {"batch": [call] * 50}))[1]) == 50
        status, answer = await graph.call("POST", f"{fb.url}/v26.0/", {"batch": [call] * 51})
        answer["error"].pop("fbtrace_id")
        text = "Too many requests in batch message. Maximum batch size is 50"
        assert (status, answer) == (400, {"error": {"message": text, "type": "GraphBatchException"}})
