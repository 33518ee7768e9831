"""What the query language can ask of faces."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q, QuerySet

from apps.faces.choices import Verdict
from apps.faces.models import Finding, Track
from apps.library.models import Performer
from apps.library.search import Asker, Field, Scope, register
from apps.library.search.completion_labels import labels_holding
from apps.library.search.field import Offer, is_word
from apps.library.search.labels import LabelField
from apps.library.search.names import Wanted
from apps.query import Range, Term, Value

_WORDS = {
    "unknown": "a face of somebody without a name",
    "waiting": "a face that waits for a person's word",
    "looked": "faces were looked for",
}


def add_to_search() -> None:
    """Called once, when all models are loaded."""
    register(
        FaceField(
            "face", "Face", "Somebody's face was found in it.",
            model=Performer, empty=_without(), examples=("face:unknown", "face:none"),
        )
    )  # fmt: skip


@dataclass(frozen=True)
class FaceField(LabelField):
    """Whose face is in a video: a performer's by name, or one of some words."""

    def wanted(self, term: Term) -> Iterable[Wanted]:
        named = tuple(value for value in term.values if _word(value) is None)
        return super().wanted(Term(term.field, term.operator, named, at=term.at))

    def match(self, value: Value | Range, operator: str, scope: Scope) -> Q:
        word = _word(value)
        if word is None and value.text.lower() in _WORDS:  # quoted: somebody's name, if it is one
            named = scope.names.named[self._wanted(value, operator)]
            word = None if named else value.text.lower()
        return super().match(value, operator, scope) if word is None else _of(word)

    def filed(self, ids: Sequence[int]) -> Q:
        return _with(Q(identity__performer__in=ids))

    def choices(self) -> Sequence[tuple[str, str]]:
        return list(_WORDS.items())

    def offers(self, text: str, asker: Asker, *, limit: int) -> Sequence[Offer]:
        reserved = [Offer("any", "somebody's face"), Offer("none", "nobody's face")]
        words = [
            *Field.offers(self, text, asker, limit=limit),
            *(offer for offer in reserved if offer.value.startswith(text.lower())),
        ]
        people = labels_holding(text, fields=["performer"], limit=limit)["performer"]
        return [*words, *people][:limit]


def _word(value: Value | Range) -> str | None:
    """The word of ours that a value is, which quotes take the meaning of."""
    return next((word for word in _WORDS if is_word(value, word)), None)


def _of(word: str) -> Q:
    if word == "looked":
        return Q(pk__in=Finding.objects.filter(error="").values("video"))
    if word == "waiting":
        return Q(pk__in=Track.objects.waiting().values("video"))
    return _with(Q(identity__performer=None, identity__ignored=False) | Q(identity=None))


def _with(which: Q) -> Q:
    """Videos with a face that is one, matters, and of which this is so."""
    return Q(pk__in=_faces().filter(which).values("video"))


def _without() -> Q:
    """Videos without any: each is asked about, for a list of a million to be in none of is long."""
    return ~Q(Exists(_faces().filter(video=OuterRef("pk"))))


def _faces() -> QuerySet[Track]:
    faces: QuerySet[Track] = Track.objects.in_videos()
    return faces.exclude(verdict__in=[Verdict.NOT_A_FACE, Verdict.IGNORED])
