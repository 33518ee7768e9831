"""Which labels become one."""

from typing import Any

from django import forms

from apps.library.forms.video import CHIPS, OneChip
from apps.library.models.label import Named

MOST_AT_ONCE = 100
_ANOTHER = "another"


class MergeForm(forms.Form):
    """``id``: labels of one kind; ``keep``: the one that the others go into, or another's."""

    keep = forms.CharField(error_messages={"required": "Say which one is kept."})

    def __init__(self, model: type[Named], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = next(name for name, kind in CHIPS.items() if kind is model)
        rows: Any = model._default_manager.order_by("-video_count", "pk")
        self.fields["id"] = forms.ModelMultipleChoiceField(
            rows, widget=forms.MultipleHiddenInput,
            error_messages={"invalid_choice": "One of them is gone."},
        )  # fmt: skip
        self.fields["another"] = forms.ModelChoiceField(
            rows, required=False, label="Another one", widget=OneChip(field)
        )

    def clean_id(self) -> Any:
        chosen = self.cleaned_data["id"]
        if len(chosen) > MOST_AT_ONCE:
            raise forms.ValidationError(f"At most {MOST_AT_ONCE} at once.")
        return chosen

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        chosen, keep = cleaned.get("id"), cleaned.get("keep")
        if chosen is None or keep is None:
            return cleaned
        if keep == _ANOTHER:
            into = cleaned.get("another")
        else:
            into = next((row for row in chosen if str(row.pk) == keep), None)
        if into is None:
            raise forms.ValidationError("Say which one is kept.")
        sources = [row for row in chosen if row.pk != into.pk]
        if not sources:
            raise forms.ValidationError(f"{into} can't be merged into itself: choose another.")
        return {**cleaned, "into": into, "sources": sources}
