"""A query's conditions as chips: readable, and each with the queries that its buttons lead to.

Plain Python: what fields are called is given.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from apps.browse.conditions import conditions, with_opposite, without
from apps.query import And, Node, Not, Or, Range, Term, Value, Word, show

_LONGEST = 120
_SIGNS = {":": ":", "=": " =", "!=": " ≠", "<": " <", "<=": " ≤", ">": " >", ">=": " ≥"}
# Fields of which the values are the sentence: is:favorite, has:sprite.
_VERBS = {"is": ("", "not"), "has": ("has", "has no"), "missing": ("misses", "doesn't miss")}


@dataclass(frozen=True, slots=True)
class Chip:
    """One condition. ``query`` is how it is written, ``without`` and ``opposite`` are the whole
    query without it and with its opposite."""

    text: str
    query: str
    without: str
    opposite: str
    is_negative: bool


def chips(node: Node | None, labels: Mapping[str, str]) -> list[Chip]:
    """The chips of a query, from left to right; ``labels`` says what fields are called."""
    return [
        Chip(
            text=_short(say(one, labels)),
            query=show(one),
            without=show(without(node, place)),
            opposite=show(with_opposite(node, place)),
            is_negative=isinstance(one, Not),
        )
        for place, one in enumerate(conditions(node))
    ]


def say(node: Node, labels: Mapping[str, str]) -> str:
    """A condition in words."""
    match node:
        case Word():
            return f"“{node.text}”"
        case Term():
            return _say_term(node, labels, negative=False)
        case Not():
            inner = node.node
            if isinstance(inner, Term):
                return _say_term(inner, labels, negative=True)
            return f"not {_in_brackets(inner, labels)}"
        case Or():
            return " or ".join(_in_brackets(one, labels) for one in node.nodes)
        case And():
            return " and ".join(_in_brackets(one, labels) for one in node.nodes)


def _in_brackets(node: Node, labels: Mapping[str, str]) -> str:
    said = say(node, labels)
    return f"({said})" if isinstance(node, And | Or) else said


def _say_term(term: Term, labels: Mapping[str, str], *, negative: bool) -> str:
    label = labels.get(term.field, term.field)
    values = " or ".join(_say_value(value) for value in term.values)
    if term.field in _VERBS and term.operator in (":", "="):
        verb = _VERBS[term.field][negative]
        return _capital(f"{verb} {values.replace('_', ' ')}".strip())
    if only := _say_presence(term):
        has_one = (only == "any") != negative
        return f"{label}: {'any' if has_one else 'none'}"
    said = f"{label}{_sign_of(term)} {values}"
    return f"not {said}" if negative else said


def _sign_of(term: Term) -> str:
    """A range says itself how it compares."""
    ranges = all(isinstance(value, Range) for value in term.values)
    return ":" if ranges and term.operator == "=" else _SIGNS[term.operator]


def _say_presence(term: Term) -> str:
    """``none`` or ``any``, if that is all that the term asks."""
    if len(term.values) != 1 or term.operator not in (":", "="):
        return ""
    value = term.values[0]
    if isinstance(value, Value) and not value.quoted and value.text.lower() in ("none", "any"):
        return value.text.lower()
    return ""


def _say_value(value: Value | Range) -> str:
    if isinstance(value, Value):
        return value.text
    if not value.low:
        return f"up to {value.high}"
    return f"{value.low} to {value.high}" if value.high else f"from {value.low}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
