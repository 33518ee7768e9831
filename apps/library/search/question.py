"""A query that was read for somebody: which videos it asks for."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import reduce
from operator import and_, or_
from typing import Self

from django.db.models import Q, QuerySet

from apps.library.finding import found
from apps.library.models import Video
from apps.library.search import fields as _fields  # noqa: F401 - they register themselves
from apps.library.search import invented as _invented  # noqa: F401 - as does their source
from apps.library.search.asker import Asker
from apps.library.search.field import Field, Scope, find_fields
from apps.library.search.labels import LibraryField
from apps.library.search.names import Names, look_up
from apps.library.search.texts import PathField, match_word, part_of
from apps.query import And, Node, Not, Or, QueryError, Term, Word, all_of, parse, show
from apps.query.tree import DEEPEST, depth, leaves

MOST_WITHIN = 1_000  # values of a question together with those of the questions that it names
_EACH = 10  # values that such a question counts for by itself, since it is looked up
_so_far: ContextVar[list[int] | None] = ContextVar("question_so_far", default=None)


@dataclass(frozen=True)
class Question:
    """Videos that somebody asks for. ``condition`` needs no joins: no video comes twice."""

    node: Node | None
    asker: Asker
    condition: Q
    names: Names = field(default_factory=Names, compare=False, repr=False)
    """What was looked up of the labels that it names, and of those that hold its words."""

    @classmethod
    def read(cls, text: str, *, asker: Asker) -> Self:
        """Names in it are looked up now, by one statement for each kind. Raises QueryError."""
        return cls.of(parse(text), asker=asker)

    @classmethod
    def of(cls, node: Node | None, *, asker: Asker) -> Self:
        """The question that a tree is. Raises QueryError."""
        with _within_bounds(node):
            known = _fields_of(node)
            names = find_names(node, known)
            return cls(node, asker, _condition(node, Scope(asker, names), known), names)

    @property
    def text(self) -> str:
        """The query in its plainest form."""
        return show(self.node)

    @property
    def words(self) -> list[Word]:
        """The words and phrases that must hold: what a ranking goes by."""
        return [part for part in self.parts if isinstance(part, Word)]

    @property
    def parts(self) -> tuple[Node, ...]:
        """The conditions that must all hold, as they stand side by side."""
        if self.node is None:
            return ()
        return self.node.nodes if isinstance(self.node, And) else (self.node,)

    def videos(self) -> "QuerySet[Video]":
        """The videos, in no order, for who reads or counts all of them."""
        return self.within(Video.objects.all())

    def within(self, videos: "QuerySet[Video]") -> "QuerySet[Video]":
        """Those of some videos, likewise."""
        return found(videos, self.condition, whole=True) if self.node else videos

    def listed(self, videos: "QuerySet[Video] | None" = None) -> "QuerySet[Video]":
        """The videos, or those of some, for who shows a page of them in an order."""
        some = Video.objects.all() if videos is None else videos
        return found(some, self.condition) if self.node else some

    def without(self, *names: str) -> Self:
        """The same without its conditions on some fields, as far as they stand by themselves."""
        kept = [part for part in self.parts if _field_of(part) not in names]
        if len(kept) == len(self.parts):
            return self
        return self.part(all_of(kept))

    def part(self, node: Node | None) -> Self:
        """The question that a part of this one's tree is; nothing is looked up again."""
        condition = _condition(node, Scope(self.asker, self.names), _fields_of(node))
        return type(self)(node, self.asker, condition, self.names)


@contextmanager
def _within_bounds(node: Node | None) -> Iterator[None]:
    """Adds up a question and those that are read while it is, since a field may ask others by
    name, and those others again: a few short queries could grow without end. Raises QueryError."""
    outer = _so_far.get()
    so_far = [0] if outer is None else outer
    token = _so_far.set(so_far) if outer is None else None
    try:
        so_far[0] += (0 if token else _EACH) + sum(
            len(leaf.values) for leaf in leaves(node) if isinstance(leaf, Term)
        )
        if so_far[0] > MOST_WITHIN:
            raise QueryError(f"It asks for more than {MOST_WITHIN:,} values, by way of others")
        yield
    finally:
        if token:
            _so_far.reset(token)


def compile_node(node: Node | None, *, asker: Asker) -> Q:
    """The condition that a tree puts on videos. Raises QueryError."""
    return Question.of(node, asker=asker).condition


def find_names(node: Node | None, known: dict[str, Field]) -> Names:
    """What has to be known of labels to answer a tree."""
    all_leaves = list(leaves(node))
    terms = [leaf for leaf in all_leaves if isinstance(leaf, Term)]
    return look_up(
        (wanted for term in terms for wanted in known[term.field].wanted(term)),
        (part_of(leaf) for leaf in all_leaves if isinstance(leaf, Word)),
        libraries=any(_needs_libraries(term, known[term.field]) for term in terms),
    )


def _fields_of(node: Node | None) -> dict[str, Field]:
    """Raises QueryError."""
    if node is not None and depth(node) > 2 * DEEPEST:
        raise QueryError(f"Conditions may be {DEEPEST} deep")
    return find_fields([leaf for leaf in leaves(node) if isinstance(leaf, Term)])


def _condition(node: Node | None, scope: Scope, known: dict[str, Field]) -> Q:
    return Q() if node is None else _compile(node, scope, known)


def _needs_libraries(term: Term, field: Field) -> bool:
    if isinstance(field, LibraryField):
        return True
    return isinstance(field, PathField) and any(v.text.startswith("/") for v in term.values)


def _compile(node: Node, scope: Scope, known: dict[str, Field]) -> Q:
    match node:
        case Word():
            return match_word(node, scope)
        case Term():
            return known[node.field].condition(node, scope)
        case Not():
            return ~_compile(node.node, scope, known)
        case And():
            return reduce(and_, (_compile(one, scope, known) for one in node.nodes))
        case Or():
            return reduce(or_, (_compile(one, scope, known) for one in node.nodes))


def _field_of(node: Node) -> str:
    """The field that a condition is about, in either direction."""
    inner = node.node if isinstance(node, Not) else node
    return inner.field if isinstance(inner, Term) else ""
