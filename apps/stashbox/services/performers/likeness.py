"""Whether somebody of the same name at a box is the same person."""

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from apps.library.models import Performer
from apps.stashbox.schema import RemotePerformer
from apps.stashbox.services.newcomers import newcomer

_ENOUGH = 2


@dataclass(frozen=True, slots=True)
class Likeness:
    """``equal`` and ``other`` name facts that both have, which are the same or aren't."""

    named: bool
    equal: tuple[str, ...] = ()
    other: tuple[str, ...] = ()
    weight: int = 0

    @property
    def sure(self) -> bool:
        """Of the same name, with a fact that tells people apart equal, and nothing against it."""
        return self.named and self.weight >= _ENOUGH and not self.other


# how far a fact tells people of a name apart: two of the lesser ones are as good as one
_WEIGHTS = {
    "birth date": 2, "address": 2, "another name": 2, "disambiguation": 2, "country": 1,
    "height": 1, "first year": 1,
}  # fmt: skip


def compare(performer: Performer, remote: RemotePerformer) -> Likeness:
    """How like they are, by what both sides say."""
    ours, theirs = _names(performer.name, performer.aliases), _names(remote.name, remote.aliases)
    named = performer.name.casefold() in theirs or remote.name.casefold() in ours
    facts = dict(_facts(performer, remote))
    if len(ours & theirs) > 1:
        facts["another name"] = True
    equal = tuple(name for name, same in facts.items() if same)
    other = tuple(name for name, same in facts.items() if not same)
    return Likeness(named, equal, other, sum(_WEIGHTS.get(name, 0) for name in equal))


def _facts(performer: Performer, remote: RemotePerformer) -> Iterator[tuple[str, bool]]:
    """What both say something of, and whether it is the same."""
    theirs = newcomer(remote)
    assert isinstance(theirs, Performer)
    if performer.birth_date and len(remote.birth_date) == 10:  # of a year alone the day is made up
        yield "birth date", performer.birth_date == theirs.birth_date
    if _addresses(performer.urls) & _addresses(remote.urls):
        yield "address", True
    if performer.disambiguation and remote.disambiguation:
        same = performer.disambiguation.casefold() == remote.disambiguation.casefold()
        yield "disambiguation", same
    for name, column in (("country", "country"), ("gender", "gender")):
        if getattr(performer, column) and getattr(theirs, column):
            yield name, getattr(performer, column) == getattr(theirs, column)
    # these are often told wrong, so that only their being equal says something
    for name, column in (("height", "height_cm"), ("first year", "career_start")):
        if getattr(performer, column) and getattr(performer, column) == getattr(theirs, column):
            yield name, True


def _names(name: str, aliases: list[str] | tuple[str, ...]) -> set[str]:
    return {one.casefold() for one in (name, *aliases)}


def _addresses(urls: list[str] | tuple[str, ...]) -> set[str]:
    """Without what doesn't matter."""
    found = set()
    for url in urls:
        parts = urlsplit(url.lower())
        if path := parts.path.strip("/"):  # a site alone is nobody's
            found.add(f"{parts.netloc.removeprefix('www.')}/{path}?{parts.query}")
    return found
