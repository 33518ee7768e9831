"""The form of the player's settings."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminTextInputWidget, UnfoldBooleanSwitchWidget

from apps.playback.choices import ACTIONS
from apps.playback.models import PlayerSettings
from apps.playback.services.shortcuts import ShortcutRefused, keys_in_force, read_shortcuts


class KeysField(forms.CharField):
    """Keys with spaces between."""

    def __init__(self, label: str) -> None:
        attrs = {"data-keys": True, "autocomplete": "off", "spellcheck": "false"}
        widget = UnfoldAdminTextInputWidget(attrs=attrs)
        super().__init__(label=label, required=False, max_length=200, widget=widget)


class HistoryForm(forms.Form):
    """Which entries of the history to show."""

    q = forms.CharField(label="Videos", required=False, max_length=2_000)
    since = forms.DateField(label="From", required=False)
    until = forms.DateField(label="To", required=False)
    before = forms.CharField(required=False, max_length=40)

    def clean_until(self) -> date | None:
        """The last day of all has none behind it."""
        until: date | None = self.cleaned_data["until"]
        return min(until, date(9_998, 12, 31)) if until else None

    def clean_before(self) -> datetime | None:
        try:
            before = datetime.fromisoformat(self.cleaned_data["before"])
        except ValueError:
            return None  # from the latest on
        return before if before.tzinfo else None


class PlayerSettingsForm(forms.Form):
    """A field for each action holds its keys."""

    autoplay = forms.BooleanField(
        label="Play when the page opens", required=False, widget=UnfoldBooleanSwitchWidget
    )
    play_next = forms.BooleanField(
        label="Go on with the next video at the end", required=False,
        widget=UnfoldBooleanSwitchWidget,
    )  # fmt: skip
    shortcuts_on = forms.BooleanField(
        label="Keys are shortcuts", required=False, widget=UnfoldBooleanSwitchWidget
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for action in ACTIONS:
            self.fields[f"key_{action.name}"] = KeysField(action.label)

    @classmethod
    def of(cls, chosen: PlayerSettings) -> "PlayerSettingsForm":
        """The form of what somebody chose."""
        keys = keys_in_force(chosen.shortcuts)
        switches = ("autoplay", "play_next", "shortcuts_on")
        return cls(
            initial={name: getattr(chosen, name) for name in switches}
            | {f"key_{name}": " ".join(texts) for name, texts in keys.items()}
        )

    def switches(self) -> Iterator[forms.BoundField]:
        return (self[name] for name in self.base_fields)

    def keys(self) -> Iterator[forms.BoundField]:
        return (self[f"key_{action.name}"] for action in ACTIONS)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        try:
            read_shortcuts(_keys(cleaned))
        except ShortcutRefused as error:
            raise forms.ValidationError(str(error), code=error.code) from error
        return cleaned

    def values(self) -> dict[str, Any]:
        """What ``change_settings`` takes."""
        switches = {name: self.cleaned_data[name] for name in self.base_fields}
        return {**switches, "shortcuts": _keys(self.cleaned_data)}


def _keys(cleaned: dict[str, Any]) -> dict[str, list[str]]:
    return {action.name: cleaned.get(f"key_{action.name}", "").split() for action in ACTIONS}
