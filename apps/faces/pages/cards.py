"""Identities as cards: who it is or may be, how many faces, and some of them to look at."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import F, OuterRef, QuerySet
from django.urls import reverse

from apps.core.api.keyset import Cursor, Key, Keyset, read_cursor
from apps.faces.choices import Band
from apps.faces.models import Identity, Track
from apps.faces.pages.who import Likely, likely_of
from apps.faces.services.naming import with_names

PAGE = 60
SHOWN_FACES = 4
FIRST = Cursor((), backwards=False)
LOOSE = 0.5  # below such a mean likeness a group is worth a look


def _key(name: str, *, descending: bool = False) -> Key:
    column: Any = Identity._meta.get_field(name)
    return Key(name, column, descending)


ORDER = Keyset((_key("track_count", descending=True), _key("id")))


@dataclass(frozen=True, slots=True)
class Card:
    """An identity in the grid. ``portraits`` are addresses, the best first; ``likely`` is who it
    may be, if it has no name."""

    pk: int
    name: str
    performer: int
    faces: int
    videos: int
    confirmed: int
    tightness: str
    loose: bool
    ignored: bool
    portraits: list[str] = field(default_factory=list)
    likely: Likely | None = None

    @property
    def href(self) -> str:
        return reverse("admin:faces_identity", args=[self.pk])

    @property
    def to_confirm(self) -> int:
        return max(0, self.faces - self.confirmed)


@dataclass(frozen=True, slots=True)
class Page:
    """A page of the grid; ``next`` is the cursor of what follows it, if anything does."""

    cards: list[Card]
    next: str


def read_page(identities: QuerySet[Identity], cursor_text: str) -> Page:
    """The largest first; four statements however many identities there are."""
    position = _position(cursor_text)
    found = list(
        ORDER.rows_after(identities, position, limit=PAGE + 1).values_list("pk", flat=True)
    )
    rows = cards_of(Identity.objects.filter(pk__in=found[:PAGE]))
    more = len(found) > PAGE and rows
    last = (rows[-1].faces, rows[-1].pk) if more else None
    return Page(rows, Cursor(last, backwards=False).text(ORDER) if last else "")


def cards_of(identities: QuerySet[Identity]) -> list[Card]:
    """The largest first."""
    best = Track.objects.filter(identity=OuterRef("pk")).best_first().values("pk")[:SHOWN_FACES]
    rows = identities.annotate(shown=ArraySubquery(best), called=F("performer__name"))
    found = list(rows.order_by("-track_count", "pk"))
    likely = _likely(found)
    return [_card(row, likely.get(row.pk)) for row in found]


def portrait_url(track: int) -> str:
    return reverse("admin:faces_portrait", args=[track])


def say_tightness(tightness: float | None, *, faces: int) -> str:
    """Nothing of a single face, which is like itself."""
    return "" if tightness is None or faces < 2 else f"{round(tightness * 100)} % alike"


def _card(row: Any, likely: Likely | None) -> Card:
    shown = [row.best_id, *(pk for pk in row.shown if pk != row.best_id)]
    return Card(
        pk=row.pk,
        name=row.called or f"Unknown {row.pk}",
        performer=row.performer_id or 0,
        faces=row.track_count,
        videos=row.video_count,
        confirmed=row.confirmed_count,
        tightness=say_tightness(row.tightness, faces=row.track_count),
        loose=row.tightness is not None and row.tightness < LOOSE,
        ignored=row.ignored,
        portraits=[portrait_url(pk) for pk in shown if pk][:SHOWN_FACES],
        likely=likely,
    )


def _likely(rows: Iterable[Any]) -> dict[int, Likely]:
    """Who the nameless may be, by what was written of their best faces."""
    faces = {pk: row.pk for row in rows if row.performer_id is None for pk in row.shown}
    told = Track.objects.filter(pk__in=faces, band__in=[Band.SUGGESTED, Band.APPLIED])
    found: dict[int, Likely] = {}
    rows_told = list(told.order_by("-quality", "pk").values_list("pk", "candidates"))
    named = with_names([candidates for _pk, candidates in rows_told])
    for (pk, _), candidates in zip(rows_told, named, strict=True):
        for first in likely_of(candidates)[:1]:
            found.setdefault(faces[pk], first)
    return found


def _position(text: str) -> tuple[Any, ...]:
    try:
        return tuple(read_cursor(text, ORDER).position) if text else ()
    except ValueError:  # of another version: the grid begins anew
        return ()
