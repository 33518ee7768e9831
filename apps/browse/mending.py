"""Showing what is wrong with a query, and putting what was probably meant in its place."""

from dataclasses import dataclass

from apps.core.errors import MediaHubError
from apps.query import And, Node, Not, Or, QueryError, Range, Term, Value, Word, parse, show
from apps.query.tree import Leaf


@dataclass(frozen=True, slots=True)
class Fault:
    """A query in three pieces, of which ``wrong`` can't be used; ``mended`` is the query as it was
    probably meant."""

    text: str
    before: str = ""
    wrong: str = ""
    after: str = ""
    expected: tuple[str, ...] = ()
    suggestion: str = ""
    mended: str = ""
    has_place: bool = False


def fault_of(error: MediaHubError, text: str) -> Fault:
    """What to show of an error in a query's text."""
    if not isinstance(error, QueryError):
        return Fault(str(error))
    start = min(error.position, len(text))
    end = min(start + max(error.length, 1), len(text))
    return Fault(
        text=f"{error.problem.rstrip('.')}.",
        before=text[:start],
        wrong=text[start:end],
        after=text[end:],
        expected=() if ": expected " in error.problem else error.expected[:12],
        suggestion=error.suggestion,
        mended=mend(text, error),
        has_place=True,
    )


def mend(text: str, error: QueryError) -> str:
    """The query with the suggestion in the place of what is wrong; empty if there is no such."""
    if not error.suggestion:
        return ""
    try:
        node = parse(text)
        wanted = parse(error.suggestion)
    except QueryError:
        return ""
    mended = show(_replaced(node, error.position, error.suggestion, wanted)) if node else ""
    return mended if mended != show(node) else ""


def _replaced(node: Node, at: int, suggestion: str, wanted: Node | None) -> Node:
    """The tree with the leaf, or the value, that begins at a place replaced."""
    match node:
        case And() | Or():
            return type(node)(tuple(_replaced(one, at, suggestion, wanted) for one in node.nodes))
        case Not():
            return Not(_replaced(node.node, at, suggestion, wanted))
        case _:
            return _replaced_leaf(node, at, suggestion, wanted)


def _replaced_leaf(leaf: Leaf, at: int, suggestion: str, wanted: Node | None) -> Leaf:
    if isinstance(leaf, Word):
        return wanted if leaf.at == at and isinstance(wanted, Word | Term) else leaf
    if leaf.at == at:
        if isinstance(wanted, Term):
            return wanted
        return Term(suggestion, leaf.operator, leaf.values)
    values = tuple(_value(suggestion) if value.at == at else value for value in leaf.values)
    return Term(leaf.field, leaf.operator, values)


def _value(suggestion: str) -> Value | Range:
    """A suggested value, which may be in quotes already."""
    try:
        term = parse(f"x:{suggestion}") if " " not in suggestion or suggestion[0] == '"' else None
    except QueryError:  # a name such as ``trips,``, which has to stand in quotes
        term = None
    if isinstance(term, Term) and len(term.values) == 1:
        return term.values[0]
    return Value(suggestion)
