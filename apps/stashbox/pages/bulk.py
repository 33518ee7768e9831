"""What accepting many candidates at once would do, in words."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from apps.core.errors import MediaHubError
from apps.stashbox.pages.fields import FieldRow, label_of, rows_of
from apps.stashbox.pages.queue import Filters, number_in
from apps.stashbox.services import review
from apps.stashbox.services.apply import FieldChange


@dataclass(frozen=True, slots=True)
class Foreseen:
    """``videos`` would be accepted; ``makes`` how many labels are new and ``fields`` how often each
    changes, of ``looked_at`` of them if that isn't all; ``samples`` are some: title, score, what
    would change."""

    videos: int = 0
    makes: list[tuple[str, str]] = field(default_factory=list)
    fields: list[tuple[str, str]] = field(default_factory=list)
    looked_at: int = 0
    samples: list[tuple[str, int, list[FieldRow]]] = field(default_factory=list)
    refusal: str = ""


def foreseen(filters: Filters, from_score: str) -> Foreseen:
    """What the job would do now with the candidates that the filters show."""
    score = number_in(from_score)
    if not 1 <= score <= 100:
        return Foreseen(refusal="Give a score from 1 to 100.")
    try:
        return _told(review.foresee_bulk(filters.matches(), score))
    except MediaHubError as error:
        return Foreseen(refusal=str(error))


def _told(found: Mapping[str, Any]) -> Foreseen:
    words = {"performers": "new performers", "studio": "new studios", "tags": "new tags"}
    return Foreseen(
        videos=found["videos"],
        makes=[(f"{found['makes'][name]:,}", said) for name, said in words.items()],
        fields=[(label_of(name), f"{number:,}") for name, number in found["fields"].items()],
        looked_at=found["looked_at"] if found["looked_at"] < found["videos"] else 0,
        samples=[
            (one["title"], one["score"], rows_of(FieldChange(**c) for c in one["changes"]))
            for one in found["samples"]
        ],
    )
