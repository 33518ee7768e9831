"""The query language: text to a tree, and back. Plain Python; what fields mean is decided above."""

from apps.query.errors import QueryError
from apps.query.grammar import parse
from apps.query.printer import show
from apps.query.tree import And, Node, Not, Or, Range, Term, Value, Word, all_of, any_of, none_of

__all__ = [
    "And",
    "Node",
    "Not",
    "Or",
    "QueryError",
    "Range",
    "Term",
    "Value",
    "Word",
    "all_of",
    "any_of",
    "none_of",
    "parse",
    "show",
]
