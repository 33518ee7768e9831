"""What may come next in a query that is being typed. Nothing that was typed is ever an error."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from django.db.models import QuerySet

from apps.library.models import Word
from apps.library.search import fields as _fields  # noqa: F401 - they register themselves
from apps.library.search.asker import Asker
from apps.library.search.completion_labels import FIELDS, labels_holding
from apps.library.search.completion_place import Place, find_place
from apps.library.search.field import Field, Offer, all_fields
from apps.library.search.flags import ChoiceField, NamedConditions
from apps.query.grammar import LONGEST
from apps.query.printer import is_bare_value, is_bare_word, quote

MOST = 20
_LABELS_OF_A_WORD = 4
_WORDS = 4
_LEAST_LETTERS = 2  # before words are offered
_KEYWORDS = {"OR": "one side or the other", "AND": "both sides", "NOT": "the opposite of"}
_COMPARING = ("<", "<=", ">", ">=")
_SIGNS = {
    ":": "is, or holds", "=": "is exactly", "!=": "is not", "<": "less than", "<=": "at most",
    ">": "more than", ">=": "at least",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to insert. ``kind`` is ``field``, ``operator``, ``value`` or ``word``."""

    text: str
    label: str
    kind: str
    count: int | None = None
    help: str = ""


@dataclass(frozen=True, slots=True)
class Completion:
    """Items that take the place of the characters from ``start`` to ``end``."""

    start: int
    end: int
    items: Sequence[Item]


def complete(text: str, at: int, *, asker: Asker) -> Completion:
    """What may be meant at a caret. A few statements, whatever was typed."""
    place = find_place(text[:LONGEST], at)
    known = {field.name: field for field in all_fields()}
    if place.field:
        field = known.get(place.field)
        items = _values(field, place, asker) if field else iter(())
    else:
        items = _at_word(place, list(known.values()))
    return Completion(place.start, place.end, list(islice(items, MOST)))


def _values(field: Field, place: Place, asker: Asker) -> Iterator[Item]:
    for offer in field.offers(place.text, asker, limit=MOST):
        if place.operator in _COMPARING and not offer.is_name and offer.value in ("none", "any"):
            continue
        text = _written(offer, quoted=place.quoted)
        yield Item(text, offer.label or offer.value, "value", offer.count, offer.help)


def _at_word(place: Place, known: list[Field]) -> Iterator[Item]:
    typed = place.text.lower()
    if place.quoted:
        yield from _labels(place.text)
        return
    exact = [field for field in known if field.name == typed]
    for field in exact:
        yield from _operators(field)
    yield from _keywords(place.text)
    yield from (_field(field) for field in _fields_like(typed, known) if field not in exact)
    if typed:
        yield from _conditions(typed, known)
        yield from _labels(place.text)
    if len(typed) >= _LEAST_LETTERS:
        yield from (Item(word, word, "word") for word in _words(typed) if is_bare_word(word))


def _field(field: Field) -> Item:
    sign = ":" if ":" in field.operators else field.operators[0]
    return Item(f"{field.name}{sign}", field.label, "field", None, field.help)


def _fields_like(typed: str, known: list[Field]) -> list[Field]:
    """Those whose name begins with the text, then those whose label has a word that does."""
    named = [field for field in known if field.name.startswith(typed)]
    labelled = [
        field for field in known
        if field not in named and f" {typed}" in f" {field.label.lower()}"
    ]  # fmt: skip
    return [*named, *labelled]


def _operators(field: Field) -> Iterator[Item]:
    for sign in field.operators:
        yield Item(f"{field.name}{sign}", f"{field.name} {sign}", "operator", None, _SIGNS[sign])


def _keywords(text: str) -> Iterator[Item]:
    for word, told in _KEYWORDS.items():
        if text and word.startswith(text):
            yield Item(word, word, "operator", None, told)


def _conditions(typed: str, known: list[Field]) -> Iterator[Item]:
    """``is:favorite`` for ``fav``, ``codec:hevc`` for ``hev``."""
    for field in known:
        if isinstance(field, NamedConditions | ChoiceField) and field.name != "missing":
            for value, label in field.choices():
                if value.lower().startswith(typed):
                    yield Item(f"{field.name}:{value}", f"{field.label}: {label}", "value")


def _labels(text: str) -> Iterator[Item]:
    if not any(letter.isalnum() for letter in text):
        return
    found = labels_holding(text, fields=list(FIELDS), limit=_LABELS_OF_A_WORD)
    for name, offers in found.items():
        for offer in offers:
            written = f"{name}:{_written(offer, quoted=True)}"
            yield Item(written, offer.value, "value", offer.count, name)


def _words(typed: str) -> "QuerySet[Word, str]":
    """Words of titles that begin so."""
    words = Word.objects.filter(text__startswith=typed).order_by("text")
    return words.values_list("text", flat=True)[:_WORDS]


def _written(offer: Offer, *, quoted: bool) -> str:
    plain = is_bare_value(offer.value) and "*" not in offer.value
    reserved = offer.is_name and offer.value.lower() in ("none", "any")
    return offer.value if plain and not quoted and not reserved else quote(offer.value)
