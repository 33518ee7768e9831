"""The keys of the player."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.accounts.choices import Role
from apps.playback.choices import ACTIONS
from apps.playback.services.shortcuts import (
    ShortcutRefused,
    keys_in_force,
    read_key,
    read_shortcuts,
)
from tests.client import Api

USUAL = {action.name: list(action.keys) for action in ACTIONS}


@pytest.mark.parametrize(
    ("text", "key"),
    [("k", "k"), ("K", "k"), ("shift+N", "Shift+n"), ("space", "Space"), ("arrowleft", "ArrowLeft"),
     ("Shift + ArrowLeft", "Shift+ArrowLeft"), ("+", "+"), ("Ctrl++", "Ctrl++"), ("?", "?"),
     ("shift+ctrl+x", "Ctrl+Shift+x"), ("0-9", "0-9"), ("f11", "F11"), ("ß", "ß")],
)  # fmt: skip
def test_keys_have_one_name(text: str, key: str) -> None:
    assert read_key(text) == key
    assert read_key(key) == key


@pytest.mark.parametrize(
    "text", ["", " ", "escape", "Tab", "Enter", "kk", "Hyper+k", "Shift+?", "Shift+", "\n", "\x00"]
)
def test_what_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(ShortcutRefused) as caught:
        read_key(text)
    assert caught.value.code == "shortcut_refused"


@settings(deadline=None)
@given(st.text(max_size=12))
def test_anything_is_a_key_or_refused(text: str) -> None:
    try:
        key = read_key(text)
    except ShortcutRefused:
        return
    assert read_key(key) == key


def test_no_key_does_two_things_by_itself() -> None:
    assert read_shortcuts({}) == {}
    assert read_shortcuts(USUAL) == {}


@pytest.mark.parametrize(
    "given",
    [{"mute": ["k"]}, {"mute": ["5"]}, {"mute": ["x"], "pip": ["x"]}, {"fly": ["x"]},
     {"mute": list("wxyzqv")}],
)  # fmt: skip
def test_conflicts_are_refused(given: dict[str, list[str]]) -> None:
    with pytest.raises(ShortcutRefused):
        read_shortcuts(given)


def test_a_chosen_key_is_no_longer_anothers() -> None:
    # as when a later version gives an action a key that somebody has given to another
    keys = keys_in_force({"mute": ["f", "7"]})

    assert keys["mute"] == ["f", "7"]
    assert (keys["fullscreen"], keys["tenths"]) == ([], [])
    assert keys["play"] == ["Space", "k"]


def test_two_actions_exchange_their_keys() -> None:
    assert read_shortcuts({"mute": ["f"], "fullscreen": ["m"]}) == {
        "mute": ["f"], "fullscreen": ["m"],
    }  # fmt: skip


@pytest.mark.django_db
def test_api(as_role: Callable[..., Api]) -> None:
    ann, bob = as_role(Role.VIEWER), as_role(Role.VIEWER)
    shown = ann.get("player-settings/").json()
    assert (shown["shortcuts"], shown["keys"], shown["autoplay"]) == ({}, USUAL, True)

    changed = ann.patch("player-settings/", {"shortcuts": {"mute": ["Q"]}, "play_next": False})
    assert changed.status_code == 200
    assert changed.json()["shortcuts"] == {"mute": ["q"]}
    assert (changed.json()["keys"]["mute"], changed.json()["play_next"]) == (["q"], False)
    assert bob.get("player-settings/").json()["keys"] == USUAL

    refused = ann.patch("player-settings/", {"shortcuts": {"mute": ["k"]}})
    assert refused.status_code == 400
    assert "Play or pause" in str(refused.json())
    assert ann.get("player-settings/").json()["keys"]["mute"] == ["q"]
