"""What the query language can ask of identification."""

from collections.abc import Sequence

from django.db.models import Q

from apps.library.search import Field, Scope, register
from apps.library.search.asker import Asker
from apps.library.search.field import Offer
from apps.query import Range, Value
from apps.stashbox.choices import TAKEN, MatchState
from apps.stashbox.models import Lookup, StashBox, StashMatch

_WORDS = {
    "matched": "a candidate was taken",
    "review": "candidates wait for a decision",
    "unmatched": "no candidate was taken, and none waits",
    "asked": "a stash-box was asked",
}


def add_to_search() -> None:
    """Called once, when all models are loaded."""
    register(
        StashField(
            "stash", "Identified", "Whether it was found at a stash-box, or at which.",
            examples=("stash:review", "stash:unmatched"),
        )
    )  # fmt: skip


class StashField(Field):
    """How far a video is identified; or the name of the box that knows it."""

    kind = "condition"

    def match(self, value: Value | Range, operator: str, scope: Scope) -> Q:
        word = value.text.lower()
        quoted = isinstance(value, Value) and value.quoted
        if not quoted and word in _WORDS:
            return _of(word)
        boxes = list(StashBox.objects.filter(name__iexact=value.text).values_list("pk", flat=True))
        if boxes:
            return _with(Q(state__in=TAKEN, box__in=boxes))
        if word in _WORDS:
            return _of(word)
        known = [name for name, _label in self.choices()]
        raise self.refuse(value, f"There is no stash-box “{value.text}”", known=known)

    def choices(self) -> Sequence[tuple[str, str]]:
        names = StashBox.objects.order_by("position", "pk").values_list("name", flat=True)
        return [*_WORDS.items(), *((name.lower(), name) for name in names)]  # in any case

    def offers(self, text: str, asker: Asker, *, limit: int) -> Sequence[Offer]:
        return [
            Offer(one.value, one.label, is_name=one.value not in _WORDS)
            for one in super().offers(text, asker, limit=limit)
        ]


def _of(word: str) -> Q:
    if word == "asked":
        return Q(pk__in=Lookup.objects.values("video"))
    if word == "unmatched":
        return ~_with(Q(state__in=[*TAKEN, MatchState.REVIEW]))
    return _with(Q(state__in=TAKEN) if word == "matched" else Q(state=MatchState.REVIEW))


def _with(which: Q) -> Q:
    return Q(pk__in=StashMatch.objects.filter(which).values("video"))
