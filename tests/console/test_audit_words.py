"""Every action that the code records has a name in both languages."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from bot.app.execute import EXECUTE, action_of
from bot.console import acts
from bot.domain import audit
from bot.i18n import FOLDER, Catalogues

ROOT = Path(__file__).resolve().parents[2]
CALLS = {
    "record": (0, 2),
    "_record": (3,),
    "Act": (2,),
    "looked": (2,),
    "note_read": (3,),
    "note_system": (2,),
    "acted": (1,),
}
"""Where in a call to each of these the action stands."""
CONSTANTS = {value for name, value in vars(audit).items() if name.isupper() and isinstance(value, str)}


def texts_in(node: ast.AST) -> Iterator[str]:
    for one in ast.walk(node):
        if isinstance(one, ast.Constant) and isinstance(one.value, str):
            yield one.value


def assigned(function: ast.AST, name: str) -> set[str]:
    """Every text that a name of this function may stand for."""
    found = set[str]()
    for one in ast.walk(function):
        if isinstance(one, ast.Assign):
            names = {part.id for target in one.targets for part in ast.walk(target) if isinstance(part, ast.Name)}
            if name in names:
                found |= set(texts_in(one.value))
    return found


def recorded() -> set[str]:
    """Actions written out in the code, or by a constant of `bot.domain.audit`, or by a name nearby."""
    found = set[str]()
    for path in sorted((ROOT / "bot").rglob("*.py")):
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            for call in ast.walk(function):
                if not isinstance(call, ast.Call):
                    continue
                called = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
                for place in CALLS.get(called, ()):
                    if place < len(call.args):
                        found |= meant(call.args[place], function)
    return found


def named(kind: type) -> str:
    return action_of(object.__new__(kind))


def meant(node: ast.expr, function: ast.AST) -> set[str]:
    names = [one.id for one in ast.walk(node) if isinstance(one, ast.Name)]
    texts = set(texts_in(node))
    for name in names:
        constant = getattr(audit, name, None)
        texts |= {constant} if isinstance(constant, str) else assigned(function, name)
    return {one for one in texts if re.fullmatch(r"[a-z]+(_[a-z]+)+|forbidden|decide", one)}


def test_every_action_has_a_label() -> None:
    found = recorded()
    assert {"sign_in", "save_office", "open_complaint", "staff_activate", "print_complaint", "forbidden"} <= found, (
        "the search works"
    )
    commands = {named(kind) for kind in EXECUTE if "reference" in kind.__annotations__}
    assert (found | commands) - set(acts.LABELS) == set()


def test_every_label_is_of_an_action_that_there_is() -> None:
    commands = {named(kind) for kind in EXECUTE}
    known = recorded() | commands | CONSTANTS
    assert set(acts.LABELS) - known == set()


def test_every_word_is_there_in_khmer() -> None:
    told = Catalogues(FOLDER)._texts["km"]
    words = [*acts.ACTIONS, *acts.LABELS.values(), *acts.KINDS.values(), *acts.KEYS.values(), *acts.ACTORS.values()]
    assert [one for one in words if isinstance(one, str) and one not in told] == []
