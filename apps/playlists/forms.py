"""The form of a playlist."""

from typing import Any

from django import forms
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanWidget,
)

from apps.library.search import ORDERS
from apps.playlists.choices import PlaylistKind
from apps.playlists.models import MOST_VIDEOS, Playlist

_OF_SMART = ("query", "ordering", "limit")
_DESCENDING = {
    "added_at": ("Newest first", "Oldest first"), "title": ("Title Z to A", "Title A to Z"),
    "duration": ("Longest first", "Shortest first"), "size": ("Largest first", "Smallest first"),
    "rating": ("Best rated first", "Worst rated first"),
    "date": ("Latest date first", "Earliest date first"),
}  # fmt: skip


def order_choices(chosen: str = "") -> list[tuple[str, str]]:
    """Orders of one key by their names, and the one that is chosen if it is another."""
    known = [
        (f"{sign}{key}", _DESCENDING[key][number])
        for key in ORDERS
        if key in _DESCENDING
        for number, sign in enumerate(("-", ""))
    ]
    extra = [] if not chosen or chosen in dict(known) else [(chosen, chosen)]
    return [*known, *extra]


class PlaylistForm(forms.Form):
    """A new playlist, or with ``playlist`` one that is there."""

    name = forms.CharField(max_length=200, widget=UnfoldAdminTextInputWidget)
    description = forms.CharField(
        max_length=5_000, required=False, widget=UnfoldAdminTextareaWidget(attrs={"rows": 2})
    )
    query = forms.CharField(
        max_length=2_000, required=False,
        help_text="What Browse would be asked, such as tag:sea rating>=80.",
        widget=UnfoldAdminTextInputWidget(
            attrs={"spellcheck": "false", "autocapitalize": "off", "autocomplete": "off"}
        ),
    )  # fmt: skip
    ordering = forms.ChoiceField(
        label="Order", required=False, widget=UnfoldAdminSelectWidget, choices=order_choices
    )
    limit = forms.IntegerField(
        label="At most", required=False, min_value=1, max_value=MOST_VIDEOS,
        help_text="videos, the first in this order; empty: all",
        widget=UnfoldAdminIntegerFieldWidget,
    )  # fmt: skip
    shared = forms.BooleanField(
        label="Others may see and play it", required=False, widget=UnfoldBooleanWidget
    )
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(
        self, *args: Any, kind: PlaylistKind, playlist: Playlist | None = None, **options: Any
    ) -> None:
        if playlist:
            options["initial"] = {name: getattr(playlist, name) for name in self.base_fields}
        options["auto_id"] = f"{kind}-%s"
        super().__init__(*args, **options)
        if playlist is None:
            del self.fields["version"]
        if kind == PlaylistKind.MANUAL:
            for name in _OF_SMART:
                del self.fields[name]
        elif playlist:
            ordering: Any = self.fields["ordering"]
            ordering.choices = order_choices(playlist.ordering)


class QueryForm(forms.Form):
    """What to add to a playlist."""

    q = forms.CharField(
        label="Add all that a query finds", max_length=2_000,
        widget=UnfoldAdminTextInputWidget(
            attrs={"spellcheck": "false", "autocapitalize": "off", "autocomplete": "off",
                   "placeholder": "tag:sea rating>=80"}
        ),
    )  # fmt: skip
