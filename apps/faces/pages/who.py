"""Who a face may be, in words: candidates with a score that has a meaning."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef
from django.urls import reverse

from apps.faces.choices import Ground
from apps.library.models import Performer, PerformerImage

_MOST = 12
_PICTURES = 3


@dataclass(frozen=True, slots=True)
class Likely:
    """A performer whom a face is like; ``strangers`` says how telling that is."""

    performer: int
    name: str
    strangers: str
    similarity: str
    margin: str
    ground: str
    one_in: float


@dataclass(frozen=True, slots=True)
class Pictured:
    """The same with their pictures and faces, to be compared by eye."""

    likely: Likely
    href: str
    pictures: list[str]
    faces: list[str]


def say_strangers(one_in: float) -> str:
    """How many strangers one would meet until one is as alike: "1 in 12,000 strangers"."""
    if one_in < 2:
        return "any stranger may be as alike"
    if one_in >= 10_000_000:
        return "1 in over 10 million strangers"
    digits = len(str(round(one_in))) - 2
    rounded = round(one_in, -digits) if digits > 0 else round(one_in)
    return f"1 in {rounded:,.0f} strangers"


def likely_of(candidates: Any) -> list[Likely]:
    """What stands in ``Track.candidates``; what another version wrote is left out."""
    if not isinstance(candidates, list):
        return []
    return [found for one in candidates[:_MOST] if (found := _likely(one)) is not None]


def pictured(likely: Iterable[tuple[Likely, list[int]]]) -> list[Pictured]:
    """Candidates, each with ids of faces that are known to be theirs; two statements for all."""
    found = list(likely)
    images = PerformerImage.objects.filter(performer=OuterRef("pk")).order_by("position", "pk")
    rows = Performer.objects.filter(pk__in={one.performer for one, _faces in found})
    shown = rows.annotate(pictures=ArraySubquery(images.values("pk")[:_PICTURES]))
    pictures = dict(shown.values_list("pk", "pictures"))
    return [
        Pictured(
            likely=one,
            href=reverse("admin:library_performer_change", args=[one.performer]),
            pictures=[
                reverse("admin:library_performer_image", args=[pk])
                for pk in pictures[one.performer]
            ],
            faces=[reverse("admin:faces_portrait", args=[pk]) for pk in faces[:_PICTURES]],
        )
        for one, faces in found
        if one.performer in pictures
    ]


def _likely(told: Any) -> Likely | None:
    try:
        return likely_from(
            performer=int(told["performer_id"]), name=str(told["name"]),
            similarity=float(told["similarity"]), one_in=float(told["one_in"]),
            margin=float(told.get("margin") or 0), ground=str(told.get("ground", "")),
        )  # fmt: skip
    except (KeyError, TypeError, ValueError, OverflowError, AttributeError):
        return None


def likely_from(
    *, performer: int, name: str, similarity: float, one_in: float, margin: float, ground: str
) -> Likely:
    among = Ground(ground).label if ground in Ground.values else ""
    return Likely(
        performer=performer,
        name=name,
        strangers=say_strangers(one_in),
        similarity=f"{similarity:.2f}",
        margin=f"{margin:.2f}" if margin else "",
        ground=f"among {among}" if among else "",
        one_in=one_in,
    )
