"""Accepting many candidates at once: for each video the best one, where it is clearly that."""

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce

from apps.stashbox.choices import TAKEN, MatchState
from apps.stashbox.models import IdentifySettings, StashMatch
from apps.stashbox.services.apply import FIELDS, MOST_AT_ONCE, apply_matches, plan
from apps.stashbox.services.boxes import settings_of_all

_MOST_FORESEEN = 1_000
_SAMPLES = 10


def accept_many(matches: QuerySet[StashMatch], from_score: int) -> list[StashMatch]:
    """Accept those that are the best of their videos, from a score on; those that were accepted.

    Left to be looked at are videos of which a candidate was taken before, and those of which
    another one of the same box is nearly as good. Some at a time, each portion in a transaction.
    """
    settings = settings_of_all()
    best = list(_best(matches, from_score, settings).select_related("box"))
    accepted = []
    for at in range(0, len(best), MOST_AT_ONCE):
        portion = best[at : at + MOST_AT_ONCE]
        accepted += apply_matches(
            portion, state=MatchState.ACCEPTED, settings=settings, only_waiting=True
        )
    return accepted


def foresee_bulk(matches: QuerySet[StashMatch], from_score: int) -> dict[str, Any]:
    """What ``accept_many`` would do; nothing is written.

    ``videos`` would be accepted, of ``candidates`` that wait with such scores. For ``looked_at``
    of them at most: in how many of them each of ``fields`` would change, how many labels it
    ``makes``, and some ``samples`` with their changes (``FieldChange`` as an object).
    """
    settings = settings_of_all()
    wanted = matches.filter(state=MatchState.REVIEW, score__gte=from_score)
    best = _best(matches, from_score, settings)
    rows = list(best.select_related("video", "box")[:_MOST_FORESEEN])
    fields, makes = dict.fromkeys(FIELDS, 0), _none_made()
    samples: list[dict[str, Any]] = []
    for at in range(0, len(rows), MOST_AT_ONCE):
        portion = rows[at : at + MOST_AT_ONCE]
        planned = plan(portion, settings=settings)
        for match in portion:
            changes = [c for c in planned.get(match.pk, ()) if c.outcome == "set"]
            for change in changes:
                fields[change.field] += 1
                if change.field in makes:
                    makes[change.field] |= set(change.names["makes"])
            if len(samples) < _SAMPLES:
                samples.append(_sample(match, changes))
    return {
        "videos": best.count(),
        "candidates": wanted.aggregate(n=Count("pk"))["n"],
        "looked_at": len(rows),
        "fields": fields,
        "makes": {name: len(names) for name, names in makes.items()},
        "samples": samples,
    }


def _best(
    matches: QuerySet[StashMatch], from_score: int, settings: IdentifySettings
) -> QuerySet[StashMatch]:
    """One candidate of each video, the surest first."""
    others = StashMatch.objects.filter(video=OuterRef("video")).exclude(pk=OuterRef("pk"))
    waiting = others.filter(state=MatchState.REVIEW)
    near = waiting.annotate(at=Coalesce("box", 0)).filter(
        at=Coalesce(OuterRef("box"), 0), score__gt=OuterRef("score") - settings.lead
    )
    better = waiting.filter(
        Q(score__gt=OuterRef("score")) | Q(score=OuterRef("score"), pk__lt=OuterRef("pk"))
    )
    candidates = StashMatch.objects.filter(pk__in=matches.order_by().values("pk"))
    return candidates.filter(
        ~Exists(near), ~Exists(better), ~Exists(others.filter(state__in=TAKEN)),
        state=MatchState.REVIEW, score__gte=from_score,
    ).order_by("-score", "pk")  # fmt: skip


def _none_made() -> dict[str, set[str]]:
    return {name: set() for name in ("studio", "tags", "performers")}


def _sample(match: StashMatch, changes: Iterable[Any]) -> dict[str, Any]:
    return {
        "match": match.pk,
        "video": match.video_id,
        "title": match.video.title,
        "score": match.score,
        "changes": [asdict(change) for change in changes],
    }
