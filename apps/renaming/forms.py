"""What is asked about new names."""

from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminTextInputWidget

from apps.library.models import Video

_MOST_IDS = 1_000


class RenameForm(forms.Form):
    """``q``: all that a query finds; ``id``: chosen ones."""

    template = forms.CharField(
        label="New names", max_length=1_000, strip=False,
        widget=UnfoldAdminTextInputWidget(
            attrs={"autocomplete": "off", "spellcheck": "false", "placeholder": "{title}"}
        ),
    )  # fmt: skip
    q = forms.CharField(
        label="Which videos", required=False, max_length=10_000,
        widget=UnfoldAdminTextInputWidget(attrs={"placeholder": "all videos"}),
    )  # fmt: skip
    id = forms.ModelMultipleChoiceField(
        Video.objects.only("pk"), required=False, widget=forms.MultipleHiddenInput
    )
    windows = forms.BooleanField(label="Only names that Windows takes, too", required=False)
    sidecars = forms.BooleanField(
        label="Take along subtitles, pictures and descriptions of the same name", required=False
    )

    def clean_id(self) -> Any:
        chosen = self.cleaned_data["id"]
        if len(chosen) > _MOST_IDS:
            raise forms.ValidationError(f"At most {_MOST_IDS:,} by hand: use a query for more.")
        return chosen
