"""``playlist:NAME`` in queries."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import reduce
from operator import or_

from django.db.models import Q

from apps.core.api.keyset import Keyset
from apps.library.search import Asker, Field, Question, Scope, order_of
from apps.library.search.field import NOTHING, is_word
from apps.playlists.choices import PlaylistKind
from apps.playlists.models import Playlist, PlaylistItem
from apps.query import QueryError, Range, Term, Value, parse
from apps.query.tree import leaves

NAME = "playlist"
DEFAULT_ORDERING = "-added_at"
_MOST_DEEP = 10
_being_asked: ContextVar[tuple[int, ...]] = ContextVar("playlists_being_asked", default=())


@dataclass(frozen=True)
class PlaylistField(Field):
    """The videos of playlists that the asker may see, smart ones asked anew."""

    def match(self, value: Value | Range, _operator: str, scope: Scope) -> Q:
        visible = Playlist.objects.visible_to(scope.asker.user_id)
        if is_word(value, "any"):
            return _in_items(visible.filter(kind=PlaylistKind.MANUAL).values("pk"))
        if is_word(value, "none"):
            return ~_in_items(visible.filter(kind=PlaylistKind.MANUAL).values("pk"))
        named = list(visible.called(value.text))
        mine = [one for one in named if one.owner_id == scope.asker.user_id]
        found = mine or named  # else anybody could put videos into what one's own name means
        if not found:
            known = visible.values_list("name", flat=True)
            problem = f"There is no playlist “{value.text}”"
            raise self.refuse(value, problem, known=known.order_by("name")[:200])
        parts = [self._ask(one, value, scope.asker) for one in found if one.is_smart]
        manual = [one.pk for one in found if not one.is_smart]
        return reduce(or_, [*parts, *([_in_items(manual)] if manual else [])], NOTHING)

    def _ask(self, playlist: Playlist, value: Value | Range, asker: Asker) -> Q:
        active = _being_asked.get()
        if playlist.pk in active or len(active) >= _MOST_DEEP:
            raise self.refuse(value, f"The playlist “{playlist.name}” asks for itself")
        try:
            question, order = asked(playlist, asker=asker)
        except QueryError as error:
            raise self.refuse(
                value, f"The query of the playlist “{playlist.name}” can't be used: {error.problem}"
            ) from error
        if playlist.limit is None:
            return question.condition
        first = question.listed().order_by(*order.order_by())[: playlist.limit]
        return Q(pk__in=first.values("pk"))


def asked(playlist: Playlist, *, asker: Asker) -> tuple[Question, Keyset]:
    """What a smart playlist asks, and in which order. Raises QueryError."""
    with _asking(playlist.pk):
        question = Question.read(playlist.query, asker=asker)
        return question, order_of(playlist.ordering or DEFAULT_ORDERING)


def named_in(query: str) -> set[str]:
    """The names of playlists that a query speaks of, in lower case. Raises QueryError."""
    return {
        value.text.lower()
        for leaf in leaves(parse(query))
        if isinstance(leaf, Term) and leaf.field == NAME
        for value in leaf.values
        if not is_word(value, "any") and not is_word(value, "none")
    }


def playlist_field() -> PlaylistField:
    return PlaylistField(
        NAME, "Playlist",
        "In the playlist of this name that is yours, else in those that others share.",
        examples=("playlist:favourites", 'playlist:"to watch"', "playlist:none"),
    )  # fmt: skip


@contextmanager
def _asking(pk: int) -> Iterator[None]:
    """Remembers what is being asked, so that a circle is found where it closes."""
    token = _being_asked.set((*_being_asked.get(), pk))
    try:
        yield
    finally:
        _being_asked.reset(token)


def _in_items(playlists: object) -> Q:
    items = PlaylistItem.objects.filter(playlist__in=playlists)  # type: ignore[misc]
    return Q(pk__in=items.values("video"))
