"""Conditions that hold or don't, and closed lists of values."""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from django.db.models import Q

from apps.library.search.field import NO, YES, Field, Scope, is_word, read_flag
from apps.query import Range, Value

Condition = Callable[[Scope], Q]


@dataclass(frozen=True)
class FlagField(Field):
    """Yes or no."""

    kind = "flag"

    holds: Condition

    def match(self, value: Value | Range, operator: str, scope: Scope) -> Q:
        flag = read_flag(value)
        if flag is None:
            raise self.refuse(value, f"“{value.text}” is neither yes nor no", known=(*YES, *NO))
        return self.holds(scope) if flag else ~self.holds(scope)

    def choices(self) -> Sequence[tuple[str, str]]:
        return [("yes", "yes"), ("no", "no")]


@dataclass(frozen=True)
class NamedConditions(Field):
    """``is:`` and ``has:``: conditions by name, more of which may be added later."""

    kind = "condition"

    named: dict[str, tuple[str, Condition]] = field(default_factory=dict)
    negated: bool = False

    def match(self, value: Value | Range, operator: str, scope: Scope) -> Q:
        name = value.text.lower()
        if name not in self.named:
            raise self.refuse(value, f"There is no {self.name}:{value.text}", known=self.named)
        found = self.named[name][1](scope)
        return ~found if self.negated else found

    def choices(self) -> Sequence[tuple[str, str]]:
        return [(name, label) for name, (label, _condition) in self.named.items()]


@dataclass(frozen=True)
class MissingField(NamedConditions):
    """``missing:preview``; ``missing:yes`` is ``is:missing``."""

    def match(self, value: Value | Range, operator: str, scope: Scope) -> Q:
        flag = read_flag(value)
        if flag is not None:
            return Q(missing_since__isnull=not flag)
        return super().match(value, operator, scope)


@dataclass(frozen=True)
class ChoiceField(Field):
    """A column of few values: its ``options``, and those ``known`` that no video may have now.

    ``aliases`` maps other spellings to them.
    """

    kind = "choice"

    column: str
    options: Callable[[], Sequence[tuple[str, str]]]
    known: Collection[str] = ()
    aliases: Mapping[str, str] = field(default_factory=dict)

    def match(self, value: Value | Range, operator: str, scope: Scope) -> Q:
        if is_word(value, "none") or is_word(value, "any"):
            empty = Q(**{self.column: ""})
            return empty if is_word(value, "none") else ~empty
        text = value.text.lower()
        text = self.aliases.get(text, text)
        if "*" in text:
            return Q(**{f"{self.column}__in": self._like(text)})
        if text not in self.known:
            used = [name for name, _label in self.options()]
            if text not in used:
                problem = f"{self.label} “{value.text}” isn't known here"
                raise self.refuse(value, problem, known=used)
        return Q(**{self.column: text})

    def choices(self) -> Sequence[tuple[str, str]]:
        return self.options()

    def _like(self, pattern: str) -> list[str]:
        stars = re.compile(".*".join(map(re.escape, pattern.split("*"))))
        return [name for name, _label in self.options() if stars.fullmatch(name)]
