"""The form of a saved view."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from unfold.widgets import (
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from apps.browse.choices import Zoom
from apps.browse.icons import ICONS
from apps.browse.models import SavedView
from apps.browse.services.table import all_columns
from apps.core.errors import MediaHubError
from apps.core.forms import AuditedForm, WordsField
from apps.library.models import Video
from apps.library.search import Asker, Question
from apps.library.search.ranking import in_order


class SavedViewForm(AuditedForm):
    """Refuses queries, orders and columns that can't be shown to ``user``."""

    user: Any = None

    icon = forms.ChoiceField(choices=list(ICONS.items()), widget=UnfoldAdminSelectWidget)
    query = forms.CharField(
        required=False, max_length=2_000, help_text="As it is typed on Browse.",
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3, "spellcheck": "false"}),
    )  # fmt: skip
    ordering = forms.CharField(
        required=False, max_length=200, widget=UnfoldAdminTextInputWidget,
        help_text="Such as -rating,duration. Empty: newest first.",
    )  # fmt: skip
    zoom = forms.ChoiceField(choices=Zoom.choices, widget=UnfoldAdminSelectWidget)
    columns = WordsField(help_text="The table's columns, in their order. Empty: as each wants it.")

    class Meta:
        model = SavedView
        fields = (
            "name", "icon", "query", "ordering", "layout", "zoom", "page_size", "columns",
            "shared", "on_dashboard", "in_sidebar",
        )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        icon: Any = self.fields.get("icon")
        kept = self.instance.icon
        if icon and kept not in ICONS:  # one that a program gave it
            icon.choices = [(kept, kept), *ICONS.items()]

    def values(self) -> dict[str, Any]:
        """The columns of a valid form."""
        return {name: self.cleaned_data[name] for name in SavedViewForm.Meta.fields}

    def clean_query(self) -> str:
        text: str = self.cleaned_data["query"]
        try:
            Question.read(text, asker=Asker.of(self.user))
        except MediaHubError as error:
            raise ValidationError(str(error)) from error
        return text

    def clean_ordering(self) -> str:
        text: str = self.cleaned_data["ordering"]
        try:
            in_order(None, text, videos=Video.objects.none())
        except MediaHubError as error:
            raise ValidationError(str(error)) from error
        return text

    def clean_columns(self) -> list[str]:
        names: list[str] = self.cleaned_data["columns"]
        known = all_columns()
        if unknown := [name for name in names if name not in known]:
            raise ValidationError(f"There is no column named {unknown[0]}.")
        return list(dict.fromkeys(names))
