"""The Messenger Profile API: Get Started, persistent menu, greeting, ice breakers, commands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .calls import Call
from .content import Checker
from .errors import invalid, required

if TYPE_CHECKING:
    from .server import MessengerEmulator

FIELDS = (
    "get_started",
    "persistent_menu",
    "greeting",
    "ice_breakers",
    "commands",
    "whitelisted_domains",
    "account_linking_url",
)
MENU_ITEMS, MENU_TITLE, PAYLOAD, GREETING = 20, 30, 1000, 160
ICE_BREAKERS, QUESTION = 4, 80
COMMANDS, COMMAND_NAME, COMMAND_TEXT = 100, 32, 64
NEEDS_START = "You must set a Get Started button if you also wish to use persistent menu"
LOCALES = frozenset(
    [
        "af_ZA",
        "ar_AR",
        "az_AZ",
        "be_BY",
        "bg_BG",
        "bn_IN",
        "bs_BA",
        "ca_ES",
        "cs_CZ",
        "cy_GB",
        "da_DK",
        "de_DE",
        "el_GR",
        "en_GB",
        "en_US",
        "es_ES",
        "es_LA",
        "et_EE",
        "eu_ES",
        "fa_IR",
        "fi_FI",
        "fr_CA",
        "fr_FR",
        "ga_IE",
        "gl_ES",
        "gu_IN",
        "he_IL",
        "hi_IN",
        "hr_HR",
        "hu_HU",
        "hy_AM",
        "id_ID",
        "is_IS",
        "it_IT",
        "ja_JP",
        "ka_GE",
        "kk_KZ",
        "kn_IN",
        "ko_KR",
        "lt_LT",
        "lv_LV",
        "mk_MK",
        "ml_IN",
        "mn_MN",
        "mr_IN",
        "ms_MY",
        "my_MM",
        "nb_NO",
        "ne_NP",
        "nl_NL",
        "pa_IN",
        "pl_PL",
        "ps_AF",
        "pt_BR",
        "pt_PT",
        "ro_RO",
        "ru_RU",
        "si_LK",
        "sk_SK",
        "sl_SI",
        "sq_AL",
        "sr_RS",
        "sv_SE",
        "sw_KE",
        "ta_IN",
        "te_IN",
        "th_TH",
        "tl_PH",
        "tr_TR",
        "uk_UA",
        "ur_PK",
        "uz_UZ",
        "vi_VN",
        "zh_CN",
        "zh_HK",
        "zh_TW",
    ]
)


class Profile:
    """What the Page has set, and what people are shown of it."""

    def __init__(self, fb: MessengerEmulator) -> None:
        self._fb = fb
        self.fields: dict[str, Any] = {}
        self._menus: list[tuple[float, list[dict[str, Any]]]] = []

    def post(self, call: Call) -> dict[str, Any]:
        """Set some fields: all or none."""
        given = {k: call.params[k] for k in call.params if k not in ("appsecret_proof", "platform")}
        if not given:
            raise invalid("The parameter(s) must include at least one Messenger profile property")
        for name in given:
            if name not in FIELDS:
                raise invalid(f'Unexpected key "{name}" on param "messenger_profile".')
        check = _Checks(Checker(self._fb.switches), self._fb.switches.km_kh_locale)
        for name in given.keys() - {"account_linking_url"}:
            given[name] = call.object(name) if name == "get_started" else call.list(name)
            check.field(name, given[name])
        if "persistent_menu" in given and "get_started" not in {*given, *self.fields}:
            raise invalid(NEEDS_START, 2018145)
        self.fields.update(given)
        if "persistent_menu" in given:
            self._menus.append((self._fb.clock.now() + self._fb.switches.menu_change_takes, given["persistent_menu"]))
        return {"result": "success"}

    def get(self, call: Call) -> dict[str, Any]:
        """Read some fields."""
        names = call.list("fields")
        for name in names:
            if name not in FIELDS:
                raise invalid(f"Tried accessing nonexisting field ({name})")
        found = {name: self.fields[name] for name in names if name in self.fields}
        return {"data": [found] if found else []}

    def delete(self, call: Call) -> dict[str, Any]:
        """Remove some fields; Get Started cannot go while the menu stays."""
        names = call.list("fields")
        for name in names:
            if name not in FIELDS:
                raise invalid(f"Param fields must be one of {{{', '.join(FIELDS)}}}")
        if "get_started" in names and "persistent_menu" in self.fields and "persistent_menu" not in names:
            raise invalid(NEEDS_START, 2018145)
        for name in names:
            self.fields.pop(name, None)
        if "persistent_menu" in names:
            self._menus.append((self._fb.clock.now() + self._fb.switches.menu_change_takes, []))
        return {"result": "success"}

    def get_started_payload(self) -> str | None:
        """The payload of the button, if people are shown one."""
        if "get_started" not in self.fields or "ice_breakers" in self.fields:
            return None
        return str(self.fields["get_started"]["payload"])

    def menu_for(self, locale: str) -> list[dict[str, Any]]:
        """The menu a person of this locale is shown now; none at all when commands are set."""
        now = self._fb.clock.now()
        shown = [menu for at, menu in self._menus if at <= now]
        if "commands" in self.fields or not shown:
            return []
        return _localised(shown[-1], locale, "call_to_actions")

    def ice_breakers_for(self, locale: str) -> list[dict[str, Any]]:
        """The questions a newcomer of this locale is offered."""
        given = self.fields.get("ice_breakers", [])
        return given if given and "question" in given[0] else _localised(given, locale, "call_to_actions")


def _localised(entries: list[dict[str, Any]], locale: str, key: str) -> list[dict[str, Any]]:
    by_locale = {entry.get("locale", "default"): entry.get(key) or [] for entry in entries}
    return by_locale.get(locale, by_locale.get("default", []))


class _Checks:
    """The rules of each field."""

    def __init__(self, check: Checker, khmer: bool) -> None:
        self.check = check
        self.locales = LOCALES | ({"km_KH"} if khmer else set())

    def field(self, name: str, value: Any) -> None:
        """Refuses a value the platform would refuse."""
        if name == "get_started":
            self.check.string(value.get("payload"), "get_started[payload]", PAYLOAD)
        elif name == "persistent_menu":
            for index, entry in enumerate(self.by_locale(value, name)):
                self.menu(entry, f"{name}[{index}]")
        elif name == "greeting":
            for index, entry in enumerate(self.by_locale(value, name)):
                self.check.string(entry.get("text"), f"{name}[{index}][text]", GREETING)
        elif name == "ice_breakers":
            self.ice_breakers(value)
        elif name == "commands":
            for index, entry in enumerate(self.by_locale(value, name)):
                self.commands(entry, f"{name}[{index}]")
        elif name == "whitelisted_domains":
            for domain in self.check.list(value, name, 1, 50):
                if not str(domain).startswith("https://"):
                    raise invalid(f"{name} should represent a valid URL")

    def by_locale(self, value: Any, name: str) -> list[dict[str, Any]]:
        """Entries with known, different locales, one of them default."""
        entries = [self.check.object(e, f"{name}[{i}]") for i, e in enumerate(self.check.list(value, name, 1, 100))]
        locales = [entry.get("locale") for entry in entries]
        if "default" not in locales:
            raise invalid(f"Param {name} must contain an entry with locale default")
        for locale in locales:
            if locale != "default" and locale not in self.locales:
                raise invalid(f"Param {name}[locale] must be a supported locale")
        if len(set(locales)) != len(locales):
            raise invalid(f"Param {name} has duplicate locales")
        return entries

    def menu(self, entry: dict[str, Any], name: str) -> None:
        """One language of the persistent menu."""
        self.check.only(entry, {"locale", "composer_input_disabled", "call_to_actions", "disabled_surfaces"}, name)
        items = entry.get("call_to_actions")
        if items is None and entry.get("composer_input_disabled"):
            raise required(f"{name}[call_to_actions]")
        for index, item in enumerate(self.check.list(items or [], f"{name}[call_to_actions]", 0, MENU_ITEMS)):
            where = f"{name}[call_to_actions][{index}]"
            given = self.check.object(item, where)
            if given.get("type") not in ("postback", "web_url"):
                raise invalid(f"Param {where}[type] must be one of {{POSTBACK, WEB_URL}}")
            self.check.string(given.get("title"), f"{where}[title]", MENU_TITLE)
            if given["type"] == "postback":
                self.check.string(given.get("payload"), f"{where}[payload]", PAYLOAD)
            else:
                self.check.url(given.get("url"), f"{where}[url]")

    def ice_breakers(self, value: Any) -> None:
        """Up to four questions, flat or by locale."""
        flat = bool(value) and isinstance(value[0], dict) and "question" in value[0]
        lists = [value] if flat else [e.get("call_to_actions") for e in self.by_locale(value, "ice_breakers")]
        for questions in lists:
            for index, entry in enumerate(self.check.list(questions, "ice_breakers", 1, ICE_BREAKERS)):
                self.check.string(entry.get("question"), f"ice_breakers[{index}][question]", QUESTION)
                self.check.string(entry.get("payload"), f"ice_breakers[{index}][payload]", PAYLOAD)

    def commands(self, entry: dict[str, Any], name: str) -> None:
        """One language of the command list."""
        for index, command in enumerate(self.check.list(entry.get("commands"), f"{name}[commands]", 1, COMMANDS)):
            where = f"{name}[commands][{index}]"
            self.check.string(command.get("name"), f"{where}[name]", COMMAND_NAME)
            self.check.string(command.get("description"), f"{where}[description]", COMMAND_TEXT)
