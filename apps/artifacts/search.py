"""What the query language can ask of artifacts."""

from dataclasses import dataclass
from functools import partial

from django.db.models import Q

from apps.artifacts.choices import ArtifactKind, Grade
from apps.artifacts.models import Fingerprint
from apps.library.search import Field, Scope, register, register_thing
from apps.library.search.field import is_word
from apps.library.search.spans import QuantityField
from apps.query import Range, Value
from apps.query.values import PLAIN, read_quantity

_MOST_BITS = 64


def add_to_search() -> None:
    """Called once, when all models are loaded."""
    for kind in ArtifactKind:
        register_thing(kind.value, kind.label.lower(), partial(_made, kind=kind.value))
    register(
        PhashField(
            "phash", "Perceptual hash", "Pictures with exactly this hash, in 16 hex digits.",
            examples=("phash:none",),
        )
    )  # fmt: skip
    register(
        TwinField(
            "dup", "Duplicate within", "Another video's hash differs in so many bits at most.",
            column="twin_distance", reader=partial(read_quantity, units=PLAIN),
            examples=("dup:0", "dup:4"),
        )
    )  # fmt: skip


def _made(_scope: Scope, *, kind: str) -> Q:
    return Q(made__contains=[kind])


class PhashField(Field):
    """A perceptual hash; ``none`` are videos without one."""

    def match(self, value: Value | Range, operator: str, scope: Scope) -> Q:
        if is_word(value, "none") or is_word(value, "any"):
            hashed = Q(made__contains=[ArtifactKind.PHASH.value])
            return ~hashed if is_word(value, "none") else hashed
        try:
            bits = int(value.text, 16)
        except ValueError:
            bits = -1
        if not 0 <= bits < 2**_MOST_BITS:
            raise self.refuse(value, f"“{value.text}” is no hash of 16 hex digits")
        signed = bits - 2**_MOST_BITS if bits >= 2 ** (_MOST_BITS - 1) else bits
        alike = Fingerprint.objects.filter(phash=signed).exclude(grade=Grade.FLAT)
        return Q(primary_file__content__in=alike.values("content"))


@dataclass(frozen=True)
class TwinField(QuantityField):
    """How alike the most similar other video is: ``dup:4`` is four bits or less."""

    def match(self, value: Value | Range, operator: str, scope: Scope) -> Q:
        plain = (
            isinstance(value, Value) and not is_word(value, "none") and not is_word(value, "any")
        )
        return super().match(value, "<=" if plain and operator == ":" else operator, scope)
