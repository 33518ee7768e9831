"""What Browse found: a page of videos as covers or as a table, and the way to those around it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, F, Func, QuerySet, TextField, Value
from django.http import HttpRequest

from apps.browse.choices import Layout
from apps.browse.pages.results_table import Head, Line, heads, lines
from apps.browse.services.table import CUSTOM, all_columns
from apps.browse.state import FIRST_PAGE, State
from apps.core.api.keyset import Cursor, Keyset
from apps.core.counting import RowCount, count_rows
from apps.library.models import Marker, Video, Viewing
from apps.library.pages.cards import Card, cards, with_card_facts
from apps.library.search import Question
from apps.library.search.ranking import RELEVANCE

_UNSHOWN = ("provenance", "tag_ids", "performer_ids", "made", "haystack", "details", "urls")
_COUNT_COST = 2_000.0  # of PostgreSQL's planner: beyond it its own estimate is shown, as in the API
_SEEN = 0.98  # of a video: then all of it counts as watched
_DEEDS = {
    "change": "library.change_video",
    "scan": "library.scan_library",
    "transcode": "transcodes.add_transcode",
    "make": "artifacts.add_artifact",
    "label": "library.add_tag",
}


@dataclass(frozen=True, slots=True)
class Found:
    """A page of results. ``count`` is nothing where only what follows was asked for.

    ``listed`` is what the watch page calls the list, ``known`` names all columns with their labels.
    """

    cards: list[Card]
    lines: list[Line]
    heads: list[Head]
    count: RowCount | None
    previous: str
    next: str
    listed: str
    known: list[tuple[str, str]]
    can: dict[str, bool]

    @property
    def is_empty(self) -> bool:
        return not (self.cards or self.lines)


def results(state: State, request: HttpRequest) -> dict[str, Any]:
    """The context of ``admin/browse/_results.html``; ``found`` is nothing where the query is wrong.

    Costs the same number of queries whatever the size of the page and whichever the columns.
    """
    if state.query is None:
        return {"found": None, "browse_keys": True}
    videos = state.videos.defer(*_UNSHOWN)
    user: Any = request.user
    page, before, behind = read_page(
        with_hdr(with_card_facts(videos)), state.ordering, state.cursor, limit=state.page_size
    )
    if state.cursor.position and not page:  # that page is gone: the first is there
        page, before, behind = read_page(
            with_hdr(with_card_facts(videos)), state.ordering, FIRST_PAGE, limit=state.page_size
        )
    is_more = bool(state.cursor.position) and "fragment" in request.GET
    shown = _with_use(page, cards(page), user.pk)
    is_table = state.layout == Layout.TABLE
    known = all_columns()
    columns = heads(state, known) if is_table else []
    found = Found(
        cards=[] if is_table else shown,
        lines=lines(page, shown, columns, user_id=user.pk) if is_table else [],
        heads=columns,
        count=None if is_more else _count(state.query, state.ordering, page, before or behind),
        previous=state.address(cursor=before) if before else "",
        next=state.address(cursor=behind) if behind else "",
        listed=urlencode({"q": state.query.text, "ordering": state.ordering_text}),
        known=[(column.name, column.label) for column in known.values()],
        can={deed: user.has_perm(permission) for deed, permission in _DEEDS.items()},
    )
    custom = [column for column in known.values() if column.name.startswith(CUSTOM)]
    return {"found": found, "browse_keys": keys_on(user), "bulk_custom": custom}


def _count(question: Question, order: Keyset, page: list[Any], others: str) -> RowCount:
    """How many videos are found; ``others`` are beside the page. A ranking leaves some out."""
    if not others and not any(key.name == RELEVANCE for key in order.keys):
        return RowCount(len(page))
    counted = count_rows(question.videos(), planned=True, most_cost=_COUNT_COST)
    return counted.at_least(len(page) + bool(others))


def keys_on(_user: Any, /) -> bool:
    """Whether a person wants keys of one letter; the player's app, which knows, says so."""
    return True


def with_hdr(videos: QuerySet[Video]) -> QuerySet[Video]:
    """``hdr``: what the primary file's picture is, if it is more than standard."""
    wanted = Value('$[*].hdr ? (@ != "")')
    first = Func(
        F("primary_file__streams"), wanted, function="jsonb_path_query_first",
        template="%(function)s(%(expressions)s::jsonpath) #>> '{}'", output_field=TextField(),
    )  # fmt: skip
    return videos.annotate(hdr=first)


def read_page(
    videos: QuerySet[Video], order: Keyset, cursor: Cursor, *, limit: int
) -> tuple[list[Any], str, str]:
    """A page of videos, and the cursors of the pages before and behind it, if there are any."""
    way = order.reversed() if cursor.backwards else order
    rows = list(way.rows_after(videos, cursor.position, limit=limit + 1))
    more, rows = len(rows) > limit, rows[:limit]
    if not rows:
        return [], "", ""
    came = bool(cursor.position)  # there are rows on the side that we come from
    if cursor.backwards:
        rows.reverse()
    first, last = order.position(rows[0]), order.position(rows[-1])
    before, behind = (more, came) if cursor.backwards else (came, more)
    return (
        rows,
        Cursor(tuple(first), backwards=True).text(order) if before else "",
        Cursor(tuple(last), backwards=False).text(order) if behind else "",
    )


def _with_use(videos: Sequence[Video], plain: Sequence[Card], user_id: int) -> list[Card]:
    """The cards with their markers, and how much of them the user has watched."""
    ids = [video.pk for video in videos]
    marked = Marker.objects.filter(video__in=ids).order_by().values("video")
    markers = dict(marked.annotate(n=Count("pk")).values_list("video", "n"))
    seen = Viewing.objects.filter(user_id=user_id, video__in=ids).values_list(
        "video", "position_ms"
    )
    positions = dict(seen)
    return [
        replace(
            card,
            markers=markers.get(card.pk, 0),
            watched=_watched(positions.get(card.pk, 0), video.duration_ms),
        )
        for card, video in zip(plain, videos, strict=True)
    ]


def _watched(position_ms: int, duration_ms: int | None) -> int:
    part = position_ms / duration_ms if duration_ms else 0
    return 100 if part >= _SEEN else round(part * 100)
