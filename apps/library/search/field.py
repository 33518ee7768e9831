"""What a field of the language is, and the list of them."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import reduce
from operator import or_
from typing import Any, ClassVar

from django.db.models import Q

from apps.library.search.asker import Asker
from apps.library.search.names import Names, Wanted
from apps.query import QueryError, Range, Term, Value, show
from apps.query.errors import nearest

NOTHING = Q(pk__in=())
EQUAL = (":", "=", "!=")
ALL = (":", "=", "!=", "<", "<=", ">", ">=")
YES, NO = ("yes", "true", "1", "on"), ("no", "false", "0", "off")


@dataclass(frozen=True, slots=True)
class Scope:
    """What conditions are made for: who asks, and the names that were looked up before."""

    asker: Asker
    names: Names


@dataclass(frozen=True, slots=True)
class Offer:
    """A value that may be meant. With ``is_name`` even ``none`` and ``any`` are names."""

    value: str
    label: str = ""
    count: int | None = None
    help: str = ""
    is_name: bool = False


@dataclass(frozen=True)
class Field:
    """A field: how it is explained, and which videos its terms are true of.

    Subclasses say by ``match`` what one value means. A field's terms are always true or false of
    a video, never unknown, so that a negation is exactly the rest.
    """

    kind: ClassVar[str] = "text"
    operators: ClassVar[tuple[str, ...]] = EQUAL

    name: str
    label: str
    help: str
    examples: tuple[str, ...] = field(default=(), kw_only=True)

    def condition(self, term: Term, scope: Scope) -> Q:
        """Raises QueryError."""
        if term.operator not in self.operators:
            known = " ".join(self.operators)
            raise QueryError(
                f"{self.name} takes no “{term.operator}”, but {known}",
                position=term.at, length=len(term.field + term.operator), found=term.operator,
                expected=self.operators,
            )  # fmt: skip
        if term.operator == "!=":
            return ~self.condition(Term(term.field, "=", term.values, at=term.at), scope)
        matched = (self.match(value, term.operator, scope) for value in term.values)
        return reduce(or_, matched)

    def match(self, value: Value | Range, operator: str, scope: Scope) -> Q:
        """The videos of one value; never called for ``!=``. Raises QueryError."""
        raise NotImplementedError

    def wanted(self, term: Term) -> Iterable[Wanted]:
        """The names of labels that have to be looked up for a term."""
        return ()

    def choices(self) -> Sequence[tuple[str, str]]:
        """Values that are known beforehand, with what they are called."""
        return ()

    def offers(self, text: str, asker: Asker, *, limit: int) -> Sequence[Offer]:
        """Values that somebody may mean who has typed ``text`` so far, the likeliest first."""
        typed = text.lower()
        holding = [
            Offer(value, label)
            for value, label in self.choices()
            if typed in value.lower() or typed in label.lower()
        ]
        return sorted(holding, key=lambda one: not one.value.lower().startswith(typed))[:limit]

    def refuse(
        self, value: Value | Range, problem: str, *, known: Iterable[str] = ()
    ) -> QueryError:
        """The error that a value can't be used."""
        options = list(known)
        return QueryError(
            problem, position=value.at, length=len(value.text), found=value.text,
            expected=options[:50], suggestion=nearest(value.text, options),
        )  # fmt: skip


def is_word(value: Value | Range, word: str) -> bool:
    """Whether the value is ``none`` or ``any``, which quotes take the meaning of."""
    return isinstance(value, Value) and not value.quoted and value.text.lower() == word


def read_flag(value: Value | Range) -> bool | None:
    """Yes or no, if it says so."""
    text = value.text.lower()
    return True if text in YES else False if text in NO else None


_fields: dict[str, Field] = {}
_sources: list[Callable[[Iterable[str]], dict[str, Field]]] = []


def register(one: Field) -> None:
    """Add a field to the language. Raises ValueError for a name that is taken."""
    if one.name in _fields:
        raise ValueError(f"two fields are named {one.name}")
    _fields[one.name] = one


def register_source(find: Callable[[Iterable[str]], dict[str, Field]]) -> None:
    """Add fields that the database knows: ``find`` gives those of some names, or of none all."""
    _sources.append(find)


def all_fields() -> list[Field]:
    """Every field, the invented ones last."""
    invented = [one for source in _sources for one in source(()).values()]
    return [*_fields.values(), *(one for one in invented if one.name not in _fields)]


def find_fields(terms: Sequence[Term]) -> dict[str, Field]:
    """The fields of terms by name. Raises QueryError for one that doesn't exist."""
    found = {term.field: _fields[term.field] for term in terms if term.field in _fields}
    if unknown := {term.field for term in terms} - found.keys():
        for source in _sources:
            found |= {name: one for name, one in source(unknown).items() if name not in found}
    for term in terms:
        if term.field not in found:
            raise _unknown(term)
    return found


def _unknown(term: Term) -> QueryError:
    known = sorted(one.name for one in all_fields())
    close = nearest(term.field, known)
    return QueryError(
        f"There is no field “{term.field}”; to search for it as text, write it in quotes",
        position=term.at, length=len(term.field), found=term.field, expected=known,
        suggestion=show(Term(close, term.operator, term.values)) if close else "",
    )  # fmt: skip


def conditions(*given: Any) -> Q:
    """All of them; none is everything."""
    return reduce(lambda one, other: one & other, (Q(c) for c in given), Q())
