"""How a person wants the player."""

from collections.abc import Mapping
from typing import Any

from django.contrib.auth.models import AbstractBaseUser

from apps.playback.models import PlayerSettings
from apps.playback.services.shortcuts import read_shortcuts


def settings_of(user: AbstractBaseUser) -> PlayerSettings:
    """What the user chose, else what the player does by itself (an unsaved row)."""
    stored = PlayerSettings.objects.filter(user_id=user.pk).first()
    return stored or PlayerSettings(user_id=user.pk)


def shortcuts_on(user: AbstractBaseUser) -> bool:
    """Whether the user wants keys at all."""
    return settings_of(user).shortcuts_on


def change_settings(user: AbstractBaseUser, values: Mapping[str, Any]) -> PlayerSettings:
    """Change what is named; ``shortcuts`` are all that differ from the usual ones then.

    Raises ShortcutRefused.
    """
    values = dict(values)
    if "shortcuts" in values:
        values["shortcuts"] = read_shortcuts(values["shortcuts"])
    changed, _ = PlayerSettings.objects.update_or_create(user_id=user.pk, defaults=values)
    return changed
