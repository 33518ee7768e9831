"""What FaceLab suggests of one identity: who it may be, and how it falls in two."""

from dataclasses import dataclass

from apps.faces.models import Identity
from apps.faces.pages.cards import portrait_url
from apps.faces.pages.who import Pictured, likely_from, pictured
from apps.faces.services import naming

_FACES = 24


@dataclass(frozen=True, slots=True)
class SuggestedSplit:
    """The faces that may be somebody else's: their ids, and portraits of some of each side."""

    tracks: list[int]
    there: list[str]
    here: list[str]


def who_is(identity: Identity) -> list[Pictured]:
    """Candidates side by side, the likeliest first."""
    found = []
    for one in naming.candidates(identity):
        likely = likely_from(
            performer=one.performer_id, name=one.name, similarity=one.similarity,
            one_in=one.one_in, margin=one.margin, ground=one.ground,
        )  # fmt: skip
        found.append((likely, list(one.exemplars)))
    return pictured(found)


def split_in_two(identity: Identity) -> SuggestedSplit | None:
    """None where the faces belong together, or are too few to tell."""
    from apps.faces.services import splitting  # arrays: not in every process

    found = splitting.in_two(identity)
    if found is None:
        return None
    here, there = found
    return SuggestedSplit(
        tracks=list(there),
        there=[portrait_url(pk) for pk in there[:_FACES]],
        here=[portrait_url(pk) for pk in here[:_FACES]],
    )
