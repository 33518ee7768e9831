"""What is shown: charts of bars, each with the query behind it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from apps.library.search import Question
from apps.query import Node, Range, Term, Value, all_of, show

Kind = Literal["bars", "rows", "parts", "growth", "shares"]


@dataclass(frozen=True, slots=True)
class Sum:
    """Videos together; ``bytes`` and ``duration_ms`` where they were added up."""

    count: int = 0
    bytes: int | None = None
    duration_ms: int | None = None

    def __add__(self, other: "Sum") -> "Sum":
        return Sum(
            self.count + other.count,
            (self.bytes or 0) + (other.bytes or 0),
            (self.duration_ms or 0) + (other.duration_ms or 0),
        )


@dataclass(frozen=True, slots=True)
class Bar:
    """``query`` asks for exactly the ``sum.count`` videos; ``rest_query`` for all the others."""

    label: str
    query: str
    sum: Sum
    rest_query: str = ""


@dataclass(frozen=True, slots=True)
class Chart:
    """``kind`` says how it is drawn: upright bars, rows, parts of a whole, growth, or shares."""

    name: str
    title: str
    kind: Kind
    bars: list[Bar] = field(default_factory=list)

    @property
    def has_sizes(self) -> bool:
        return any(bar.sum.bytes is not None for bar in self.bars)


@dataclass(frozen=True, slots=True)
class Asking:
    """Makes the queries of bars: the question's own, and one condition more."""

    question: Question

    def term(self, field_name: str, text: str, *, operator: str = ":", plain: bool = False) -> str:
        """``plain`` is for words with a meaning, such as ``none``, that quotes would take away."""
        return self._with(Term(field_name, operator, (Value(text, quoted=not plain),)))

    def span(self, field_name: str, low: str, high: str) -> str:
        return self._with(Term(field_name, ":", (Range(low, high),)))

    def _with(self, term: Term) -> str:
        nodes: Iterable[Node | None] = (self.question.node, term)
        return show(all_of(node for node in nodes if node is not None))
