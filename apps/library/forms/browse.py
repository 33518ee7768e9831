"""What the grid of covers can be asked, as parameters of its address."""

from copy import copy
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AutocompleteSelect, AutocompleteSelectMultiple
from django.db import connection
from django.db.models import ForeignKey, ManyToManyField, QuerySet
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget, UnfoldBooleanWidget

from apps.library.choices import Orientation
from apps.library.models import Library, Performer, Studio, Tag, Video

# name: (label, column, descending); each is served by an index of Video.
SORTS: dict[str, tuple[str, str, bool]] = {
    "added": ("Recently added", "added_at", True),
    "oldest": ("Added first", "added_at", False),
    "title": ("Title A to Z", "title", False),
    "title_down": ("Title Z to A", "title", True),
    "longest": ("Longest", "duration_ms", True),
    "shortest": ("Shortest", "duration_ms", False),
    "largest": ("Largest file", "size_bytes", True),
    "smallest": ("Smallest file", "size_bytes", False),
    "rating": ("Best rated", "rating", True),
    "newest": ("Latest date", "date", True),
}
ZOOMS = {"s": "Small", "m": "Medium", "l": "Large"}

# Jumps from one codec to the next in the index instead of reading a million rows.
_CODECS = """
    WITH RECURSIVE used(codec) AS (
        (SELECT video_codec FROM library_video ORDER BY video_codec LIMIT 1)
        UNION ALL
        SELECT (SELECT video_codec FROM library_video WHERE video_codec > used.codec
                ORDER BY video_codec LIMIT 1)
        FROM used WHERE used.codec IS NOT NULL
    )
    SELECT codec FROM used WHERE codec <> ''
"""


class BrowseForm(forms.Form):
    """Filters, order and size of the grid. What can't be used counts as not asked."""

    q = forms.CharField(label="Search", required=False, max_length=200)
    sort = forms.ChoiceField(
        label="Sort by", required=False, choices=[(name, s[0]) for name, s in SORTS.items()],
        widget=UnfoldAdminSelectWidget,
    )  # fmt: skip
    zoom = forms.ChoiceField(label="Size", required=False, choices=list(ZOOMS.items()))
    library = forms.ModelChoiceField(
        Library.objects.order_by("name"), label="Library", required=False,
        empty_label="All libraries", widget=UnfoldAdminSelectWidget,
    )  # fmt: skip
    orientation = forms.ChoiceField(
        label="Orientation", required=False, widget=UnfoldAdminSelectWidget,
        choices=[("", "Any orientation"), ("landscape", "Landscape"), ("portrait", "Portrait"),
                 ("square", "Square"), ("none", "No picture")],
    )  # fmt: skip
    codec = forms.ChoiceField(label="Codec", required=False, widget=UnfoldAdminSelectWidget)
    presence = forms.ChoiceField(
        label="Presence", required=False, widget=UnfoldAdminSelectWidget,
        choices=[("", "Present and missing"), ("present", "Present"), ("missing", "Missing")],
    )  # fmt: skip
    favorite = forms.BooleanField(label="Favorites", required=False, widget=UnfoldBooleanWidget)
    tag = forms.ModelMultipleChoiceField(Tag.objects.all(), label="Tags", required=False)
    performer = forms.ModelMultipleChoiceField(
        Performer.objects.all(), label="Performers", required=False
    )
    studio = forms.ModelChoiceField(Studio.objects.all(), label="Studio", required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["q"].widget = UnfoldAdminTextInputWidget(
            {"type": "search", "placeholder": "Search titles and paths", "autocomplete": "off"}
        )
        codecs: Any = self.fields["codec"]
        codecs.choices = [("", "Any codec"), *((c, c.upper()) for c in codecs_in_use())]
        for name, relation in (("tag", "tags"), ("performer", "performers"), ("studio", "studio")):
            field: Any = self.fields[name]
            field.widget = _picker(relation)
            field.widget.choices = field.choices

    def asked(self) -> dict[str, Any]:
        """The usable values; ``sort`` is always one of SORTS."""
        self.is_valid()
        given = self.cleaned_data
        # What is refused must not come back as the fields' values: pickers can't show it.
        data: Any = copy(self.data)
        for name in self.errors:
            data.pop(name, None)
        self.data = data
        asked = {name: given.get(name) or "" for name in self.fields}
        return {**asked, "sort": asked["sort"] or "added"}

    def unknown(self) -> list[str]:
        """Parameters that mean nothing here."""
        known = {*self.fields, "page", "fragment"}
        return [name for name in (self.data or {}) if name not in known]


def filtered(videos: QuerySet[Video], asked: dict[str, Any]) -> QuerySet[Video]:
    """The videos that are asked for, in no order."""
    columns = {
        "library": asked["library"],
        "video_codec": asked["codec"],
        "favorite": asked["favorite"],
        "studio": asked["studio"],
    }
    videos = videos.filter(**{name: value for name, value in columns.items() if value})
    if orientation := asked["orientation"]:
        none = orientation == "none"
        videos = videos.filter(orientation=Orientation.NONE if none else orientation)
    if asked["presence"]:
        videos = videos.present() if asked["presence"] == "present" else videos.missing()  # type: ignore[attr-defined]
    for performer in asked["performer"]:
        videos = videos.filter(performer_links__performer=performer)
    groups = [Tag.objects.descendants_of([tag.pk]) for tag in asked["tag"]]
    return videos.tagged_all(groups).search(asked["q"])  # type: ignore[attr-defined, no-any-return]


def codecs_in_use() -> list[str]:
    """The video codecs of the catalogue, in alphabetical order."""
    with connection.cursor() as cursor:
        cursor.execute(_CODECS)
        return [codec for (codec,) in cursor.fetchall()]


def _picker(relation: str) -> AutocompleteSelect | AutocompleteSelectMultiple:
    """A field with suggestions from the admin's own search of a related model."""
    field = Video._meta.get_field(relation)
    assert isinstance(field, ForeignKey | ManyToManyField)
    widget = AutocompleteSelectMultiple if field.many_to_many else AutocompleteSelect
    return widget(field, admin.site, attrs={"class": "unfold-filter-autocomplete"})
