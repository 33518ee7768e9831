"""What a query says, as a tree of immutable nodes. Positions don't count in comparisons."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from dataclasses import field as kept

OPERATORS = (":", "=", "!=", "<", "<=", ">", ">=")
DEEPEST = 15


@dataclass(frozen=True, slots=True)
class Word:
    """A bare word, or with ``quoted`` a phrase."""

    text: str
    quoted: bool = False
    at: int = kept(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Value:
    """One value of a term, as it was written but for its quotes."""

    text: str
    quoted: bool = False
    at: int = kept(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Range:
    """``low..high``; an end that is empty is open."""

    low: str
    high: str
    at: int = kept(default=0, compare=False)

    @property
    def text(self) -> str:
        return f"{self.low}..{self.high}"


@dataclass(frozen=True, slots=True)
class Term:
    """``field operator value,value``: any of the values."""

    field: str
    operator: str
    values: tuple[Value | Range, ...]
    at: int = kept(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Not:
    """What the node is not."""

    node: "Node"


@dataclass(frozen=True, slots=True)
class And:
    """All of at least two nodes, none of which is an And. ``all_of`` makes it."""

    nodes: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Or:
    """Any of at least two nodes, none of which is an Or. ``any_of`` makes it."""

    nodes: tuple["Node", ...]


Leaf = Word | Term
Node = Leaf | Not | And | Or


def all_of(nodes: Iterable[Node]) -> Node | None:
    """Nodes that must all hold; nothing for none."""
    flat = tuple(_flat(nodes, And))
    return And(flat) if len(flat) > 1 else flat[0] if flat else None


def any_of(nodes: Iterable[Node]) -> Node | None:
    """Nodes of which one must hold; nothing for none."""
    flat = tuple(_flat(nodes, Or))
    return Or(flat) if len(flat) > 1 else flat[0] if flat else None


def none_of(node: Node) -> Node:
    """The opposite; a double negation vanishes."""
    return node.node if isinstance(node, Not) else Not(node)


def leaves(node: Node | None) -> Iterator[Leaf]:
    """The words and terms, from left to right."""
    match node:
        case Not():
            yield from leaves(node.node)
        case And() | Or():
            for one in node.nodes:
                yield from leaves(one)
        case Word() | Term():
            yield node


def depth(node: Node) -> int:
    """How many levels of And, Or and Not there are; 0 for a leaf."""
    match node:
        case Not():
            return 1 + depth(node.node)
        case And() | Or():
            return 1 + max(depth(one) for one in node.nodes)
        case _:
            return 0


def _flat(nodes: Iterable[Node], kind: type[And | Or]) -> Iterator[Node]:
    for node in nodes:
        if isinstance(node, kind):
            yield from node.nodes
        else:
            yield node
