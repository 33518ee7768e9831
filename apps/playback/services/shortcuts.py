"""The keys of the player: what they are called, and that each does one thing."""

import re
from collections.abc import Iterable, Mapping

from apps.core.errors import MediaHubError
from apps.playback.choices import ACTIONS, DIGITS

_NAMED = (
    "Space", "ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End", "PageUp",
    "PageDown", "Insert", "Delete", "Backspace", "MediaPlayPause", "MediaTrackNext",
    "MediaTrackPrevious", *(f"F{number}" for number in range(1, 13)),
)  # fmt: skip
_BY_LOWER = {name.lower(): name for name in _NAMED}
_MODIFIERS = {"ctrl": "Ctrl", "alt": "Alt", "shift": "Shift"}
_PLUS = re.compile(r"\+(?=.)")
_MOST_KEYS = 5


class ShortcutRefused(MediaHubError):
    """A key that doesn't exist, or that would do two things; nothing was changed."""

    code = "shortcut_refused"
    field = "shortcuts"


def read_key(text: str) -> str:
    """A key as it is stored: ``Shift+n``, ``ArrowLeft``, ``?``. Raises ShortcutRefused.

    Shift is named with letters and named keys alone: in signs it is contained already.
    """
    if text.strip() == DIGITS:
        return DIGITS
    *modifiers, key = _PLUS.split(text.strip())
    held = [_MODIFIERS.get(word.strip().lower(), "") for word in modifiers]
    key = key.strip() or key
    key = _BY_LOWER.get(key.lower(), key.lower() if len(key) == 1 else "")
    if not key or not key.isprintable() or key.isspace() or "" in held or held.count("Shift") > 1:
        raise ShortcutRefused(f"There is no key {text!r}: write k, Shift+n, Space or ArrowLeft.")
    if "Shift" in held and len(key) == 1 and not key.isalpha():
        raise ShortcutRefused(f"Write the sign alone instead of {text!r}: Shift is in it already.")
    return "+".join([*(name for name in _MODIFIERS.values() if name in held), key])


def read_shortcuts(given: Mapping[str, Iterable[str]]) -> dict[str, list[str]]:
    """The keys of each action that differs from what it has by itself.

    Raises ShortcutRefused for unknown actions and keys, and for keys that two actions would have.
    """
    known = {action.name: action for action in ACTIONS}
    changed: dict[str, list[str]] = {}
    for name, texts in given.items():
        if name not in known:
            raise ShortcutRefused(f"There is no action {name!r}. Known: {', '.join(known)}.")
        keys = list(dict.fromkeys(read_key(text) for text in texts))
        if len(keys) > _MOST_KEYS:
            raise ShortcutRefused(f"{known[name].label} has more than {_MOST_KEYS} keys.")
        if tuple(keys) != known[name].keys:
            changed[name] = keys
    _check_conflicts(changed)
    return changed


def keys_in_force(changed: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """The keys of every action. One that somebody chose is no longer another's by itself."""
    taken = {one for keys in changed.values() for key in keys for one in _each(key)}
    return {
        action.name: changed[action.name]
        if action.name in changed
        else [key for key in action.keys if taken.isdisjoint(_each(key))]
        for action in ACTIONS
    }


def _check_conflicts(changed: Mapping[str, list[str]]) -> None:
    does: dict[str, str] = {}
    for action in ACTIONS:
        for key in changed.get(action.name, action.keys):
            for one in _each(key):
                if other := does.get(one):
                    raise ShortcutRefused(f"{one} would do two things: {other}; {action.label}.")
                does[one] = action.label


def _each(key: str) -> list[str]:
    return list("0123456789") if key == DIGITS else [key]
