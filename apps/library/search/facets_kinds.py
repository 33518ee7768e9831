"""What videos can be counted by: for each facet its SQL, and its values as conditions."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from django.db import models

from apps.library.choices import Orientation
from apps.library.models import Library, Performer, Studio, Tag
from apps.query import Node, Range, Term, Value
from apps.query.values import RESOLUTIONS

_NONE = "none"
_ASCENDING = sorted(RESOLUTIONS.values())
_BY_LINES = {least: name for name, least in RESOLUTIONS.items()}


@dataclass(frozen=True, slots=True)
class Named:
    """A value of a facet as it is shown, and the condition that asks for it."""

    value: str
    label: str
    condition: Node


@dataclass(frozen=True)
class Facet:
    """``key`` is SQL over a video's columns that tells its value as text, null for none of it.

    ``named`` says what a key stands for. By ``column`` or ``flag``, which have indexes, values that
    a sample of all videos would miss are counted one by one.
    """

    name: str
    key: str
    named: Callable[[str | None], Named]
    column: str = ""
    flag: str = ""


@dataclass(frozen=True)
class LabelFacet:
    """Labels: ``ids`` is SQL that tells the array of a video's. ``parents``: rows of
    ``(parent, child)``, by which a label counts what is below it, too."""

    name: str
    model: type[models.Model]
    ids: str
    parents: str = ""
    columns: tuple[str, ...] = field(default=("name",))

    def names(self, ids: Iterable[int]) -> dict[int, str]:
        """What labels are called in a query, by id. One statement."""
        rows = self.model._default_manager.filter(pk__in=list(ids)).values_list("pk", *self.columns)
        return {pk: _told(name, *apart) for pk, name, *apart in rows}

    def named(self, name: str | None) -> Named:
        """A label by its name, or having none."""
        if name is None:
            return _value(self.name, _NONE, f"no {self.name}")
        return Named(name, name, Term(self.name, ":", (Value(name, quoted=True),)))


def _told(name: str, apart: str = "") -> str:
    return f"{name} ({apart})" if apart else name


def _value(field_name: str, value: str, label: str = "") -> Named:
    return Named(value, label or value, Term(field_name, ":", (Value(value),)))


def _word(name: str, labels: dict[str, str] | None = None) -> Callable[[str | None], Named]:
    known = labels or {}
    return lambda key: _value(name, key or _NONE, known.get(key or "", ""))


def _resolution(key: str | None) -> Named:
    if key is None:
        return _value("resolution", _NONE)
    band = int(key)  # 0 is below the smallest name
    if band == 0:
        least = _BY_LINES[_ASCENDING[0]]
        below = Term("resolution", "<", (Value(least),))
        return Named(f"<{least}", f"below {least}", below)
    name = _BY_LINES[_ASCENDING[band - 1]]
    return _value("resolution", name, name.upper() if name.endswith("k") else name)


def _rating(key: str | None) -> Named:
    if key is None:
        return _value("rating", _NONE, "not rated")
    top = int(key) * 20
    band = Range(str(top - 19), str(top))
    return Named(band.text, f"{top - 19} to {top}", Term("rating", ":", (band,)))


_ORIENTATIONS = {one.value: str(one.label) for one in Orientation if one.value}
_BANDS = ",".join(map(str, _ASCENDING))
FACETS: dict[str, Facet] = {
    one.name: one
    for one in (
        Facet("codec", "NULLIF(video_codec, '')", _word("codec"), "video_codec"),
        Facet("audio", "NULLIF(audio_codec, '')", _word("audio"), "audio_codec"),
        Facet("container", "NULLIF(container, '')", _word("container"), "container"),
        Facet("resolution", f"width_bucket(lines, ARRAY[{_BANDS}])::text", _resolution),
        Facet(
            "orientation", "NULLIF(orientation, '')", _word("orientation", _ORIENTATIONS),
            "orientation",
        ),
        Facet("rating", "((rating + 19) / 20)::text", _rating),
        Facet("date", "extract(year FROM date)::int::text", _word("date")),
        Facet(
            "favorite", "CASE WHEN favorite THEN 'yes' ELSE 'no' END", _word("favorite"),
            flag="favorite",
        ),
        Facet(
            "organized", "CASE WHEN organized THEN 'yes' ELSE 'no' END", _word("organized"),
            flag="organized",
        ),
        Facet(
            "missing", "CASE WHEN missing_since IS NULL THEN 'no' ELSE 'yes' END",
            _word("missing"), flag="missing_since IS NOT NULL",
        ),
    )
}  # fmt: skip
_TAG_PARENTS = "SELECT parent_id AS parent, child_id AS child FROM library_tagparent"
_STUDIO_PARENTS = (
    "SELECT parent_id AS parent, id AS child FROM library_studio WHERE parent_id IS NOT NULL"
)
LABEL_FACETS: dict[str, LabelFacet] = {
    one.name: one
    for one in (
        LabelFacet("library", Library, "ARRAY[library_id]"),
        LabelFacet(
            "studio", Studio,
            "CASE WHEN studio_id IS NULL THEN '{}'::bigint[] ELSE ARRAY[studio_id] END",
            _STUDIO_PARENTS,
        ),
        LabelFacet("tag", Tag, "tag_ids", _TAG_PARENTS),
        LabelFacet(
            "performer", Performer, "performer_ids", columns=("name", "disambiguation"),
        ),
    )
}  # fmt: skip
USUAL = (
    "codec", "audio", "container", "resolution", "orientation", "library", "studio", "tag",
    "performer", "rating", "date", "favorite", "organized", "missing",
)  # fmt: skip
