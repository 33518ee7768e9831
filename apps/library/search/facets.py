"""How many videos of a question have each value of some fields.

A facet leaves the question's own conditions on its field aside, so that it tells what could be
chosen instead. Numbers of up to 20,000 videos are exact, beyond that they are taken from a sample.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from django.core.cache import cache

from apps.core.errors import MediaHubError
from apps.library.search.asker import Asker
from apps.library.search.facets_counts import Counts, count_videos
from apps.library.search.facets_kinds import FACETS, LABEL_FACETS, USUAL, LabelFacet, Named
from apps.library.search.facets_whole import set_right
from apps.library.search.limits import limited
from apps.library.search.question import Question
from apps.query import Term, parse, show
from apps.query.errors import nearest
from apps.query.tree import leaves

_KEEP_S = 60
# What these fields find is the same for everybody; what others find may be the asker's affair.
_SHARED = frozenset(
    {*FACETS, *LABEL_FACETS, "title", "path", "duration", "size", "bitrate", "width", "height",
     "fps", "added", "tags", "performers", "marker", "markers", "has"}
)  # fmt: skip


class FacetUnknown(MediaHubError):
    """Videos can't be counted by this."""

    code = "facet"
    status = 400
    field = "fields"


@dataclass(frozen=True, slots=True)
class FacetValue:
    """``query`` is the condition that asks for the value, as text."""

    value: str
    label: str
    count: int
    query: str


@dataclass(frozen=True, slots=True)
class FacetCounts:
    """The most frequent values, those of the most videos first."""

    values: Sequence[FacetValue]
    is_estimate: bool = False


@dataclass(frozen=True)
class Facets:
    """How many videos a question finds, and its facets."""

    count: int
    count_is_estimate: bool
    fields: dict[str, FacetCounts] = field(default_factory=dict)


def facets_of(text: str, *, asker: Asker, names: Sequence[str] = USUAL) -> Facets:
    """The facets of a query; a minute old at most. Raises QueryError and FacetUnknown."""
    for name in names:
        if name not in FACETS and name not in LABEL_FACETS:
            raise FacetUnknown(_unknown(name))
    node = parse(text)
    terms = {leaf.field for leaf in leaves(node) if isinstance(leaf, Term)}
    whose = "" if terms <= _SHARED else f"{asker.user_id}"
    told = "\n".join([whose, ",".join(names), show(node)])
    key = f"library.search.facets.{hashlib.sha256(told.encode()).hexdigest()}"
    known: Facets | None = cache.get(key)
    if known is None:
        with limited():
            known = count_facets(Question.of(node, asker=asker), names)
        cache.set(key, known, _KEEP_S)
    return known


def count_facets(question: Question, names: Sequence[str]) -> Facets:
    """Counted now. Facets that leave the same conditions aside are counted together."""
    by_rest: dict[str, tuple[Question, list[str]]] = {question.text: (question, [])}
    for name in dict.fromkeys(names):
        rest = question.without(name)
        by_rest.setdefault(rest.text, (rest, []))[1].append(name)
    found: dict[str, FacetCounts] = {}
    counted = {text: _count(rest, ours, found) for text, (rest, ours) in by_rest.items()}
    whole = counted[question.text]
    ordered = {name: found[name] for name in dict.fromkeys(names)}
    return Facets(whole.total, whole.is_estimate, ordered)


def _count(question: Question, names: Sequence[str], found: dict[str, FacetCounts]) -> Counts:
    counts = count_videos(question, names)
    exact: dict[str, set[str | None]] = {}
    if counts.is_estimate and question.node is None:
        exact = set_right(counts)
    for name in names:
        keys = counts.values[name]
        is_estimate = counts.is_estimate and bool(keys.keys() - exact.get(name, set()))
        found[name] = FacetCounts(_values(name, keys), is_estimate)
    return counts


def _values(name: str, keys: dict[str | None, int]) -> list[FacetValue]:
    named = _names(name, keys)
    values = [
        FacetValue(one.value, one.label, count, show(one.condition))
        for key, count in keys.items()
        if (one := named(key)) is not None
    ]
    return sorted(values, key=lambda one: (-one.count, one.label.lower(), one.query))


def _names(name: str, keys: dict[str | None, int]) -> Callable[[str | None], Named | None]:
    if name in FACETS:
        return FACETS[name].named
    facet: LabelFacet = LABEL_FACETS[name]
    names = facet.names(int(key) for key in keys if key is not None)

    def named(key: str | None) -> Named | None:
        if key is None:
            return facet.named(None)
        return facet.named(names[int(key)]) if int(key) in names else None  # it may be gone by now

    return named


def _unknown(name: str) -> str:
    known = sorted({*FACETS, *LABEL_FACETS})
    close = nearest(name, known)
    hint = f" Did you mean {close}?" if close else ""
    return f"Videos can't be counted by “{name}”.{hint} Known: {', '.join(known)}."
