"""What a password must be: long enough, and hard to guess."""

from collections.abc import Iterable

SHORTEST, LONGEST = 12, 256
LOOKED_AT = 100
"""Characters that are looked at: the check takes time that grows with the square of the length."""
STRONG = 3
"""Of 4: not guessed within ten billion tries."""

SHORT, LONG, WEAK = "short", "long", "weak"


def fault(password: str, own: Iterable[str] = ()) -> str:
    """What is wrong with it: `short`, `long`, `weak`, or nothing.

    `own` are words that others know of this officer, such as the names: they make a password no harder to guess.
    """
    if len(password) < SHORTEST:
        return SHORT
    if len(password) > LONGEST:
        return LONG
    from zxcvbn import zxcvbn  # its lists of words take a moment to load

    known = [word[:LOOKED_AT] for word in own if word]
    found = zxcvbn(password[:LOOKED_AT], user_inputs=known, max_length=LOOKED_AT)
    return "" if found["score"] >= STRONG else WEAK
