"""Sections in which values are chosen."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from apps.browse.conditions import conditions, field_of, with_conditions
from apps.browse.filters.controls import Control, Sent
from apps.browse.filters.written import (
    name_value,
    plain_values,
    read_condition,
    read_value,
    term_of,
    write_value,
)
from apps.query import Node, Not, Term, Value, none_of, show


@dataclass(frozen=True, slots=True)
class Chosen:
    """A value that a query names. ``text`` is what it is called, ``written`` how it is sent."""

    text: str
    written: str
    excluded: bool = False


@dataclass(frozen=True, slots=True)
class Values(Control):
    """Some values of a field, all or any of them, and some that it must not have.

    Conditions that the form can't hold stay as they are.
    """

    template = "values"

    field: str
    many: bool = False  # a video may have several
    family: bool = False  # ``:`` takes in what is below, ``=`` doesn't
    fixed: Sequence[tuple[str, str]] = ()
    optional: bool = True  # there are videos without any

    def show(self, node: Node | None) -> dict[str, Any]:
        wanted, unwanted, operator = self._read(node)
        held = self._held(node)
        chosen = [
            *(_chosen(value) for term in wanted for value in plain_values(term)),
            *(_chosen(value, excluded=True) for term in unwanted for value in plain_values(term)),
        ]
        return {
            "chosen": chosen,
            "fixed": self._unchosen(chosen),
            "words": self._words(chosen),
            "every": len(wanted) > 1,
            "exact": operator == "=",
            "others": [
                show(one)
                for one in conditions(node)
                if field_of(one) == self.field and one not in held
            ],
            "count": len(chosen),
        }

    def change(self, node: Node | None, sent: Sent) -> Node | None:
        unwanted, against = self._sent(sent, "not", "avoid", "against")
        wanted, given = self._sent(sent, "value", "pick", "given")
        if typed := sent.get("typed", "").strip():
            wanted.append(read_value(typed))
        wanted = [value for value in dict.fromkeys(wanted) if value not in unwanted]
        operator = "=" if self.family and sent.get("exact", "") else ":"
        terms: list[Node] = []
        if self.many and sent.get("mode", "") == "all":
            terms += [Term(self.field, operator, (value,)) for value in wanted]
        elif wanted:
            terms.append(Term(self.field, operator, tuple(wanted)))
        if unwanted:
            terms.append(Not(Term(self.field, operator, tuple(unwanted))))
        terms += [*given, *map(none_of, against)]
        held = self._held(node)
        return with_conditions(node, terms, instead_of=lambda one: one in held)

    def _sent(
        self, sent: Sent, written: str, named: str, asked: str
    ) -> tuple[list[Value], list[Node]]:
        """Values sent as queries have them, by their names, or as conditions; and of these those
        that aren't about one value."""
        values = [*map(read_value, sent.getlist(written)), *map(name_value, sent.getlist(named))]
        others: list[Node] = []
        for text in sent.getlist(asked):
            condition = read_condition(text, self.field)
            if condition is None:
                continue
            plain = plain_values(condition) if condition.operator in (":", "=") else ()
            values += [name_value(one.text) if one.quoted else one for one in plain]
            others += [] if plain else [condition]
        return list(dict.fromkeys(values)), others

    def _read(self, node: Node | None) -> tuple[list[Term], list[Term], str]:
        """The terms for and against, and the one operator that they share."""
        found = [
            (term, negative)
            for term, negative in map(term_of, conditions(node))
            if term
            and term.field == self.field
            and term.operator in (":", "=")
            and plain_values(term)
        ]
        plain = [one for one in found if one[0].operator == ":"] or found
        if not self.family:
            plain = found
        wanted = [term for term, negative in plain if not negative]
        if len(wanted) > 1 and (not self.many or any(len(term.values) > 1 for term in wanted)):
            wanted = []
        unwanted = [term for term, negative in plain if negative]
        return wanted, unwanted, plain[0][0].operator if plain else ":"

    def _held(self, node: Node | None) -> list[Node]:
        wanted, unwanted, _operator = self._read(node)
        return [*wanted, *(Not(term) for term in unwanted)]

    def _words(self, chosen: list[Chosen]) -> list[tuple[str, str]]:
        """Whether there is a value at all."""
        taken = {one.written.lower() for one in chosen}
        words = [("none", "none at all"), ("any", "any at all")] if self.optional else []
        return [(word, label) for word, label in words if word not in taken]

    def _unchosen(self, chosen: list[Chosen]) -> list[Chosen]:
        taken = {one.written.lower() for one in chosen}
        return [Chosen(label, value) for value, label in self.fixed if value.lower() not in taken]


def _chosen(value: Value, *, excluded: bool = False) -> Chosen:
    return Chosen(value.text, write_value(value), excluded)
