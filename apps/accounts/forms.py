"""Forms about people and their tokens."""

from typing import Any

from django import forms
from django.utils import timezone
from unfold.widgets import UnfoldAdminRadioSelectWidget

from apps.accounts.choices import Scope
from apps.accounts.models import ApiToken


class TokenForm(forms.ModelForm):
    """A token for oneself, or, from those who may, for somebody else."""

    scope = forms.ChoiceField(
        choices=Scope.choices, initial=Scope.READ, widget=UnfoldAdminRadioSelectWidget,
        help_text="What the token may do at most; never more than its owner may.",
    )  # fmt: skip

    class Meta:
        model = ApiToken
        fields = ("user", "name", "scope", "expires_at")

    def clean_expires_at(self) -> Any:
        expires_at = self.cleaned_data["expires_at"]
        if expires_at and expires_at <= timezone.now():
            raise forms.ValidationError("This is in the past: the token could never be used.")
        return expires_at
