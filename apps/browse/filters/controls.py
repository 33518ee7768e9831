"""The kinds of sections: what they show of a query, and the query that their form asks for."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from apps.browse.conditions import conditions, field_of, with_conditions
from apps.browse.filters.written import read_range, read_value, term_of, write_value
from apps.query import Node, Not, Range, Term, Value, show

COMPARISONS = {
    ">=": "at least", ">": "more than", "<=": "at most", "<": "less than", "=": "exactly",
    "..": "between", "none": "none", "any": "any",
}  # fmt: skip
DAYS = {
    ">=": "on or after", ">": "after", "<=": "on or before", "<": "before", "=": "on, or in",
    "..": "between", "none": "none", "any": "any",
}  # fmt: skip


class Sent(Protocol):
    """What a form has sent."""

    def get(self, name: str, default: str, /) -> Any: ...

    def getlist(self, name: str, /) -> Any: ...


class Control:
    """What a section does. ``template`` is its part of the form."""

    template: str

    def show(self, node: Node | None) -> dict[str, Any]:
        """What the form holds; ``count`` of its conditions are in force."""
        raise NotImplementedError

    def change(self, node: Node | None, sent: Sent) -> Node | None:
        """The query with what was sent in the place of what the form held."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Amount(Control):
    """A comparison with a number or a date. It takes the place of all conditions on the field."""

    template = "amount"

    field: str
    hint: str = ""
    quick: Sequence[tuple[str, str]] = ()
    optional: bool = True
    is_date: bool = False

    def show(self, node: Node | None) -> dict[str, Any]:
        mine = [one for one in conditions(node) if field_of(one) == self.field]
        operator, low, high = self._read(mine[0]) if len(mine) == 1 else ("", "", "")
        words = DAYS if self.is_date else COMPARISONS
        return {
            "operator": operator or ">=",
            "low": low,
            "high": high,
            "comparisons": [
                (sign, word)
                for sign, word in words.items()
                if self.optional or sign not in ("none", "any")
            ],
            "quick": self.quick,
            "hint": self.hint,
            "others": [] if operator else [show(one) for one in mine],
            "count": len(mine),
        }

    def change(self, node: Node | None, sent: Sent) -> Node | None:
        term = self._term(sent)
        return with_conditions(
            node, [term] if term else [], instead_of=lambda one: field_of(one) == self.field
        )

    def _term(self, sent: Sent) -> Term | None:
        quick = sent.get("quick", "")
        if quick:
            return Term(self.field, ":", (read_value(quick),))
        sign, low, high = (sent.get(name, "").strip() for name in ("operator", "low", "high"))
        if sign in ("none", "any"):
            return Term(self.field, ":", (Value(sign),)) if self.optional else None
        if sign == "..":
            return Term(self.field, ":", (read_range(low, high),)) if low or high else None
        if not low or sign not in COMPARISONS:
            return None
        return Term(self.field, ":" if sign == "=" else sign, (Value(low),))

    def _read(self, condition: Node) -> tuple[str, str, str]:
        """Sign and ends, if the form can hold the condition."""
        term, negative = term_of(condition)
        if term is None or negative or len(term.values) != 1 or term.operator == "!=":
            return "", "", ""
        value = term.values[0]
        if isinstance(value, Range):
            return ("..", value.low, value.high) if term.operator in (":", "=") else ("", "", "")
        sign = "=" if term.operator == ":" else term.operator
        if sign == "=" and not value.quoted and value.text.lower() in ("none", "any"):
            return value.text.lower(), "", ""
        return sign, value.text, ""


@dataclass(frozen=True, slots=True)
class Flags(Control):
    """Named conditions that hold, don't hold, or don't matter."""

    template = "flags"

    field: str
    names: Sequence[tuple[str, str]]
    opposite: str = ""  # a field whose terms are the opposites of this one's

    def show(self, node: Node | None) -> dict[str, Any]:
        states = {name: "" for name, _label in self.names}
        for condition in conditions(node):
            name, state = self._read(condition)
            if name in states:
                states[name] = state
        return {
            "flags": [(name, label, states[name]) for name, label in self.names],
            "others": [],
            "count": sum(1 for state in states.values() if state),
        }

    def change(self, node: Node | None, sent: Sent) -> Node | None:
        for name, _label in self.names:
            state = sent.get(f"flag-{name}", "")
            wanted = [self._term(name, state)] if state in ("yes", "no") else []
            node = with_conditions(node, wanted, instead_of=self._about(name))
        return node

    def _about(self, name: str) -> Callable[[Node], bool]:
        return lambda condition: self._read(condition)[0] == name

    def _term(self, name: str, state: str) -> Node:
        if state == "no" and self.opposite:
            return Term(self.opposite, ":", (Value(name),))
        term = Term(self.field, ":", (Value(name),))
        return term if state == "yes" else Not(term)

    def _read(self, condition: Node) -> tuple[str, str]:
        """The name that a condition is about, and whether it shall hold."""
        term, negative = term_of(condition)
        if (
            term is None
            or term.field not in (self.field, self.opposite)
            or len(term.values) != 1
            or term.operator not in (":", "=")
        ):
            return "", ""
        holds = (term.field == self.field) != negative
        return term.values[0].text.lower(), "yes" if holds else "no"


@dataclass(frozen=True, slots=True)
class Text(Control):
    """A text that a field holds."""

    template = "text"

    field: str
    hint: str = ""

    def show(self, node: Node | None) -> dict[str, Any]:
        mine = [one for one in conditions(node) if field_of(one) == self.field]
        held = [one for one in mine if self._holds(one)]
        return {
            "text": self._read(held[0]) if held else "",
            "hint": self.hint,
            "others": [show(one) for one in mine if one not in held[:1]],
            "count": len(mine),
        }

    def change(self, node: Node | None, sent: Sent) -> Node | None:
        text = sent.get("text", "").strip()
        wanted = [Term(self.field, ":", (read_value(text),))] if text else []
        held = [one for one in conditions(node) if self._holds(one)][:1]
        return with_conditions(node, wanted, instead_of=lambda one: one in held)

    def _holds(self, condition: Node) -> bool:
        term, negative = term_of(condition)
        return (
            term is not None
            and not negative
            and term.field == self.field
            and term.operator == ":"
            and len(term.values) == 1
            and isinstance(term.values[0], Value)
        )

    def _read(self, condition: Node) -> str:
        term, _negative = term_of(condition)
        assert term is not None
        value = term.values[0]
        assert isinstance(value, Value)
        return write_value(value) if read_value(value.text) != value else value.text
