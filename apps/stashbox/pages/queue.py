"""The queue of the tagger: videos with candidates, the surest first, page by page."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.http import QueryDict

from apps.core.api.keyset import Cursor, Key, Keyset, read_cursor
from apps.core.counting import RowCount, count_rows
from apps.library.models import Video
from apps.library.pages.cards import Card, cards, with_card_facts
from apps.stashbox.choices import MatchState
from apps.stashbox.models import StashBox, StashMatch
from apps.stashbox.querysets import made_by

PAGE = 20
ELSEWHERE = "other"  # in the place of a box: candidates from other sources
_MOST_TEXT = 100
_COUNT_COST = 20_000.0  # of PostgreSQL's planner: beyond it its own estimate is shown
_UNSHOWN = ("provenance", "tag_ids", "performer_ids", "made", "haystack", "details", "urls")


def _key(name: str, *, descending: bool = False) -> Key:
    column: Any = StashMatch._meta.get_field(name)
    return Key(name, column, descending)


ORDER = Keyset((_key("score", descending=True), _key("video"), _key("id")))
FIRST = Cursor((), backwards=False)


@dataclass(frozen=True, slots=True)
class Filters:
    """Which candidates are asked for. What can't be read is as if it weren't said."""

    state: str = MatchState.REVIEW
    box: str = ""
    score: int = 0
    studio: str = ""

    @classmethod
    def read(cls, asked: QueryDict) -> "Filters":
        state, box = asked.get("state", MatchState.REVIEW), asked.get("box", "")
        return cls(
            state=state if state in MatchState.values else MatchState.REVIEW,
            box=box if box == ELSEWHERE or number_in(box) else "",
            score=min(100, number_in(asked.get("score", ""))),
            studio=asked.get("studio", "").replace("\0", "").strip()[:_MOST_TEXT],
        )

    @property
    def given(self) -> dict[str, Any]:
        """What of it isn't as at the beginning, for addresses."""
        beginning = Filters()
        named = {name: getattr(self, name) for name in self.__slots__}
        return {name: v for name, v in named.items() if v != getattr(beginning, name)}

    @property
    def is_narrow(self) -> bool:
        return bool(self.box or self.score or self.studio)

    def address(self, **more: Any) -> str:
        return "?" + urlencode(self.given | {name: v for name, v in more.items() if v})

    def matches(self) -> QuerySet[StashMatch]:
        """The candidates asked for."""
        found = StashMatch.objects.filter(state=self.state)
        if self.box == ELSEWHERE:
            found = found.filter(box=None)
        elif self.box:
            found = found.filter(box=int(self.box))
        if self.score:
            found = found.filter(score__gte=self.score)
        if self.studio:
            found = found.filter(made_by(self.studio))
        return found

    def leaders(self) -> QuerySet[StashMatch]:
        """Of each video its best candidate among those asked for: the queue's rows."""
        better = self.matches().filter(video=OuterRef("video")).order_by()
        ahead = Q(score__gt=OuterRef("score")) | Q(score=OuterRef("score"), pk__lt=OuterRef("pk"))
        return self.matches().exclude(Exists(better.filter(ahead)))


@dataclass(frozen=True, slots=True)
class Waiting:
    """A video in the queue, with its best candidate's score."""

    card: Card
    score: int
    candidates: int
    address: str


@dataclass(frozen=True, slots=True)
class Queue:
    """A page of the queue; ``next`` is the address of what follows it, if anything does."""

    rows: list[Waiting]
    next: str
    count: RowCount | None


def read_queue(filters: Filters, cursor_text: str, *, counted: bool) -> Queue:
    """The same number of statements however many candidates there are."""
    cursor = _cursor(cursor_text)
    light = filters.leaders().only("id", "score", "video_id")
    found = list(ORDER.rows_after(light, cursor.position, limit=PAGE + 1))
    leaders = found[:PAGE]
    more = len(found) > PAGE
    last = Cursor(ORDER.position(leaders[-1]), backwards=False).text(ORDER) if more else ""
    return Queue(
        rows=_rows(filters, leaders, cursor_text if cursor.position else ""),
        next=filters.address(cursor=last) if more else "",
        count=count_rows(filters.leaders(), planned=True, most_cost=_COUNT_COST)
        if counted
        else None,
    )


def boxes() -> list[tuple[str, str]]:
    """What the filter by box offers."""
    rows = StashBox.objects.order_by("position", "pk").values_list("pk", "name")
    return [*((str(pk), name) for pk, name in rows), (ELSEWHERE, "other sources")]


def _rows(filters: Filters, leaders: list[StashMatch], cursor: str) -> list[Waiting]:
    ids = [leader.video_id for leader in leaders]
    videos = with_card_facts(Video.objects.filter(pk__in=ids).defer(*_UNSHOWN))
    shown = {card.pk: card for card in cards(videos)}
    counted = filters.matches().filter(video__in=ids).order_by().values("video")
    candidates = dict(counted.annotate(n=Count("pk")).values_list("video", "n"))
    return [
        Waiting(
            shown[leader.video_id], leader.score, candidates.get(leader.video_id, 0),
            filters.address(cursor=cursor, video=leader.video_id),
        )
        for leader in leaders if leader.video_id in shown
    ]  # fmt: skip


def _cursor(text: str) -> Cursor:
    try:
        return read_cursor(text, ORDER) if text else FIRST
    except ValueError:  # of another version: the queue begins anew
        return FIRST


def number_in(text: str) -> int:
    """An id or another whole number of an address or a form; 0 of anything else."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else 0
