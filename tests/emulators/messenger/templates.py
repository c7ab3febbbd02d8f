"""Utility message templates: creation, review, and filling one in."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .calls import Call
from .chat import Content
from .errors import GraphError, invalid, required

if TYPE_CHECKING:
    from .server import MessengerEmulator

BODY = 1024
SLOT = re.compile(r"\{\{\s*(\w+)\s*\}\}")
NAME = re.compile(r"^[a-z0-9_]{1,512}$")
BUTTONS = {"POSTBACK", "URL", "PHONE_NUMBER"}
NO_SAMPLES = "TEMPLATE_VARIABLES_MISSING_SAMPLE_VALUES"


@dataclass(slots=True)
class Template:
    """One template in one language."""

    id: str
    name: str
    language: str
    components: list[dict[str, Any]]
    ready_at: float
    rejected: str | None

    def status(self, now: float) -> str:
        """PENDING, APPROVED or REJECTED."""
        if now < self.ready_at:
            return "PENDING"
        return "REJECTED" if self.rejected else "APPROVED"

    def part(self, kind: str) -> dict[str, Any]:
        """The component of that type."""
        return next((c for c in self.components if str(c.get("type")).upper() == kind), {})


def create(fb: MessengerEmulator, call: Call) -> dict[str, Any]:
    """POST /{page}/message_templates."""
    if not fb.switches.utility_eligible:
        raise GraphError(10)
    for name in ("name", "language", "category"):
        if not call.params.get(name):
            raise required(name)
    name, language = str(call.params["name"]), str(call.params["language"])
    if call.params["category"] != "UTILITY":
        raise invalid("Param category must be one of {UTILITY}")
    if not NAME.match(name):
        raise invalid("Param name must contain only lowercase letters, digits and underscores")
    if (name, language) in fb.templates:
        raise invalid("A template with this name and language already exists")
    components = call.list("components")
    template = Template(str(7_000_000 + len(fb.templates)), name, language, components, 0.0, _check(components))
    template.ready_at = fb.clock.now() + fb.switches.template_review_takes
    fb.templates[name, language] = template
    if fb.switches.template_review_takes > 0:
        fb.later(fb.switches.template_review_takes, lambda: _tell(fb, template))
    return {"id": template.id, "status": template.status(fb.clock.now()), "category": "UTILITY"}


def listing(fb: MessengerEmulator, call: Call) -> dict[str, Any]:
    """GET /{page}/message_templates."""
    now = fb.clock.now()
    found = []
    for t in fb.templates.values():
        row = {"id": t.id, "name": t.name, "language": t.language, "category": "UTILITY", "status": t.status(now)}
        if t.rejected and row["status"] == "REJECTED":
            row["rejected_reason"] = t.rejected
        found.append({**row, "components": t.components})
    return {"data": found}


def delete(fb: MessengerEmulator, call: Call) -> dict[str, Any]:
    """DELETE /{page}/message_templates?name=…: all languages of the name."""
    name = call.params.get("name")
    if not name:
        raise required("name")
    keys = [key for key in fb.templates if key[0] == name]
    if not keys:
        raise invalid("template cannot be found")
    for key in keys:
        del fb.templates[key]
    return {"success": True}


def render(fb: MessengerEmulator, content: Content) -> str:
    """The text of an approved template with its parameters filled in."""
    if not fb.switches.utility_eligible:
        raise GraphError(10)
    given = content.utility or {}
    shape = "attachment" if "template_type" in given else "template"
    if fb.switches.utility_shape not in ("both", shape):
        raise invalid(
            "Invalid template type" if shape == "attachment" else 'Unexpected key "template" on param "message".'
        )
    given = given.get("template", given)
    language = given.get("language")
    code = language.get("code") if isinstance(language, dict) else language
    template = fb.templates.get((str(given.get("name")), str(code)))
    if template is None or template.status(fb.clock.now()) != "APPROVED":
        raise invalid("template cannot be found")
    sent = {str(c.get("type")).upper(): c.get("parameters", []) for c in given.get("components", [])}
    parts = [_fill(str(template.part(kind).get("text", "")), sent.get(kind, [])) for kind in ("HEADER", "BODY")]
    content.buttons = ()
    return "\n".join(part for part in parts if part)


def _check(components: list[Any]) -> str | None:
    """Refuses what cannot be reviewed; gives the reason of a rejection, or None."""
    kinds = {str(c.get("type")).upper(): c for c in components if isinstance(c, dict)}
    if "BODY" not in kinds or not kinds["BODY"].get("text"):
        raise invalid("Template must have a BODY component with text")
    if len(kinds["BODY"]["text"]) > BODY:
        raise invalid(f"Length of param components[BODY][text] must be less than or equal to {BODY}")
    for button in kinds.get("BUTTONS", {}).get("buttons", []):
        if str(button.get("type")).upper() not in BUTTONS:
            raise invalid("Invalid button type in template", 2018416)
    for kind in ("HEADER", "BODY"):
        part = kinds.get(kind, {})
        if SLOT.search(str(part.get("text", ""))) and not part.get("example"):
            return NO_SAMPLES
    return None


def _fill(text: str, parameters: list[dict[str, Any]]) -> str:
    slots = list(dict.fromkeys(SLOT.findall(text)))
    if len(slots) != len(parameters):
        raise invalid(
            f"Number of parameters ({len(parameters)}) does not match the expected number of params ({len(slots)})"
        )
    named = {
        str(p.get("parameter_name", slot)): str(p.get("text", "")) for slot, p in zip(slots, parameters, strict=True)
    }
    if set(named) != set(slots):
        raise invalid("Parameter names do not match the template")
    return SLOT.sub(lambda match: named[match[1]], text)


def _tell(fb: MessengerEmulator, template: Template) -> None:
    value = {
        "event": template.status(fb.clock.now()),
        "message_template_id": template.id,
        "message_template_name": template.name,
        "message_template_language": template.language,
        "reason": template.rejected or "NONE",
    }
    fb.change("message_template_status_update", value)
