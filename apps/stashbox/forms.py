"""What people type about stash-boxes, and about how videos are identified."""

from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminPasswordWidget, UnfoldBooleanSwitchWidget

from apps.core.forms import AuditedForm, changed_values
from apps.stashbox.choices import FIELD_LABELS, FieldPolicy
from apps.stashbox.models import IdentifySettings, StashBox
from apps.stashbox.services.apply import LISTS
from apps.stashbox.services.nightly import is_nightly

_POLICY = "policy_"
_LONGEST_KEY = 4_000


class BoxForm(AuditedForm):
    """The key is typed but never shown: the form only says whether there is one."""

    api_key = forms.CharField(
        required=False, label="API key", max_length=_LONGEST_KEY, strip=True,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"}),
    )  # fmt: skip
    forget_key = forms.BooleanField(
        required=False, label="Forget the key", widget=UnfoldBooleanSwitchWidget
    )

    class Meta:
        model = StashBox
        fields = (
            "name", "url", "requests_per_minute", "enabled", "may_submit", "allow_private",
            "position",
        )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kept = bool(self.instance.sealed_key)
        if "api_key" in self.fields:
            self.fields["api_key"].help_text = (
                "There is a key. It stays unless you type another, or give another server's "
                "address; it is never shown."
                if kept
                else "There is none yet. It is kept encrypted and never shown again."
            )
        if "forget_key" in self.fields and not kept:
            self.fields["forget_key"].disabled = True

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if cleaned.get("api_key") and cleaned.get("forget_key"):
            self.add_error("forget_key", "Either type a key or let it be forgotten.")
        return cleaned

    @property
    def key(self) -> str | None:
        """The key to keep from now on: none to leave it as it is."""
        if self.cleaned_data.get("forget_key"):
            return ""
        return self.cleaned_data.get("api_key") or None


class IdentifySettingsForm(AuditedForm):
    """Thresholds, policies field by field, and what becomes of what isn't known here."""

    class Meta:
        model = IdentifySettings
        fields = (
            "apply_from", "review_from", "lead", "on_import", "search_text",
            "unknown_performers", "unknown_studios", "unknown_tags",
        )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["nightly"] = forms.BooleanField(required=False, initial=is_nightly())
        for name, label in FIELD_LABELS.items():
            self.fields[_POLICY + name] = forms.ChoiceField(
                choices=_choices(name), label=label, initial=self.instance.policy(name).value
            )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if cleaned.get("review_from", 0) > cleaned.get("apply_from", 100):
            self.add_error("review_from", "It can't be above the score of what is applied.")
        return cleaned

    @property
    def policies(self) -> list[forms.BoundField]:
        return [self[_POLICY + name] for name in FIELD_LABELS]

    def changed(self) -> dict[str, Any]:
        """The columns that the valid form changes."""
        values = changed_values(self)
        chosen = {name: self.cleaned_data[_POLICY + name] for name in FIELD_LABELS}
        if any(chosen[name] != self.instance.policy(name) for name in chosen):
            values["policies"] = {**self.instance.policies, **chosen}
        return values


def _choices(field: str) -> list[tuple[str, str]]:
    """Only lists can be merged."""
    return [
        (value, str(label))
        for value, label in FieldPolicy.choices
        if value != FieldPolicy.MERGE or field in LISTS
    ]
