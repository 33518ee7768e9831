"""Which of the videos that hold some words are meant most probably.

All matches are ranked if they are up to ``MOST``. Of more, the candidates are those whose title
begins with the words, the newest and the best rated: what is ranked stays small, whatever the word.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.db.models import F, QuerySet
from django.db.models.expressions import RawSQL

from apps.core.api.keyset import Key, Keyset
from apps.core.counting import expected
from apps.library.models import Video
from apps.library.search.orders import order_of
from apps.library.search.question import Question
from apps.library.search.ranking_score import parts_of, score_of

RELEVANCE = "relevance"
MOST = 1_000
_SURELY_MORE = 5
_BEGINNING, _NEWEST, _BEST_RATED = 300, 150, 50


@dataclass(frozen=True)
class Ordered:
    """Videos and the order that they come in, for ``order.rows_after(videos, …)``."""

    videos: "QuerySet[Video]"
    order: Keyset


def in_order(
    question: Question | None, ordering: str, *, videos: "QuerySet[Video] | None" = None
) -> Ordered:
    """The videos of a question, or of it ``videos``, in an order such as ``-relevance,title``.

    Without words to rank by, ``relevance`` counts as not said. Raises OrderUnknown.
    """
    found = videos if videos is not None else _videos(question)
    keys = [word.strip() for word in ordering.split(",")]
    place = next((at for at, key in enumerate(keys) if key.removeprefix("-") == RELEVANCE), None)
    if place is None:
        return Ordered(found, order_of(ordering))
    rest = [key for key in keys if key.removeprefix("-") != RELEVANCE]
    plain = order_of(",".join(rest))
    if question is None or not question.words:
        return Ordered(found, plain)
    key = _relevance(descending=keys[place].startswith("-"))
    others = plain.keys if rest else (Key("id", Video._meta.pk, key.descending),)
    return Ordered(ranked(question, found), Keyset((*others[:place], key, *others[place:])))


def ranked(question: Question, videos: "QuerySet[Video]") -> "QuerySet[Video]":
    """The candidates among some of the question's videos, each with its ``relevance``."""
    picked = RawSQL("SELECT unnest(%s::bigint[])", [_candidates(question, videos)])
    chosen = videos.model._default_manager.filter(pk__in=picked)
    rated: QuerySet[Video] = chosen.annotate(**{RELEVANCE: score_of(question)})
    return rated


def explain_ranks(question: Question, ids: list[int]) -> dict[int, dict[str, Any]]:
    """Score and what it is made of, by video."""
    parts = parts_of(question)
    rows = Video.objects.filter(pk__in=ids).annotate(
        **{f"part_{name}": part for name, part in parts.items()}, score=score_of(question)
    )
    return {
        row["pk"]: {
            "score": row["score"],
            "parts": {name: round(row[f"part_{name}"], 3) for name in parts},
        }
        for row in rows.values("pk", "score", *(f"part_{name}" for name in parts))
    }


def _videos(question: Question | None) -> "QuerySet[Video]":
    return question.listed() if question else Video.objects.all()


def _relevance(*, descending: bool) -> Key:
    field: models.Field[Any, Any] = models.IntegerField()
    field.set_attributes_from_name(RELEVANCE)
    return Key(RELEVANCE, field, descending)


def _candidates(question: Question, videos: "QuerySet[Video]") -> list[int]:
    """All matches if they are few; of many those that are worth ranking."""
    keys = videos.order_by().values_list("pk", flat=True)
    if not _are_surely_many(keys):
        found = list(keys[: MOST + 1])
        if len(found) <= MOST:
            return found
    newest = keys.order_by("-added_at", "-pk")[:_NEWEST]
    rated = keys.order_by(F("rating").desc(nulls_last=True), "-pk")[:_BEST_RATED]
    beginning = keys.filter(pk__in=_beginning_so(question))
    return list(dict.fromkeys(newest.union(rated, beginning, all=True)))


def _are_surely_many(keys: "QuerySet[Video, int]") -> bool:
    """By PostgreSQL's planner, which costs less than to read that many."""
    return expected(keys).rows > MOST * _SURELY_MORE


def _beginning_so(question: Question) -> "QuerySet[Video, int]":
    """Videos whose title begins with the words, first those that are just that.

    Taken from the index of titles alone, before any other condition, which bounds what they cost.
    """
    first, *others = [
        Video.objects.filter(title__startswith=text)
        .order_by("title", "pk")
        .values_list("pk", flat=True)[:_BEGINNING]
        for text in _beginnings(question)
    ]
    together: QuerySet[Video, int] = first.union(*others, all=True)
    return together


def _beginnings(question: Question) -> Iterator[str]:
    """The words as titles are usually written: the titles' index knows no other."""
    text = " ".join(word.text for word in question.words)
    yield from dict.fromkeys([text, text.lower(), text.capitalize(), text.title(), text.upper()])
