"""Changing a query by its conditions: what stands at its top, all of which must hold.

Chips, filters and the address all edit the same tree with these. Plain Python.
"""

from collections.abc import Callable, Iterable

from apps.query import And, Node, Not, Term, all_of, none_of


def conditions(node: Node | None) -> tuple[Node, ...]:
    """What must hold, from left to right."""
    if node is None:
        return ()
    return node.nodes if isinstance(node, And) else (node,)


def field_of(condition: Node) -> str:
    """The field that a term, or the opposite of a term, is about; empty for anything else."""
    inner = condition.node if isinstance(condition, Not) else condition
    return inner.field if isinstance(inner, Term) else ""


def without(node: Node | None, place: int) -> Node | None:
    """The query without the condition at a place."""
    return all_of(one for at, one in enumerate(conditions(node)) if at != place)


def with_opposite(node: Node | None, place: int) -> Node | None:
    """The query with the condition at a place turned into its opposite."""
    found = conditions(node)
    return all_of(none_of(one) if at == place else one for at, one in enumerate(found))


def with_conditions(
    node: Node | None, wanted: Iterable[Node], *, instead_of: Callable[[Node], bool]
) -> Node | None:
    """The query with ``wanted`` in the place of the conditions that ``instead_of`` picks.

    They stand where the first of those stood, else at the end; all others keep their order.
    """
    kept: list[Node] = []
    place: int | None = None
    for one in conditions(node):
        if not instead_of(one):
            kept.append(one)
        elif place is None:
            place = len(kept)
    end = len(kept) if place is None else place
    return all_of([*kept[:end], *wanted, *kept[end:]])


def with_condition(node: Node | None, field: str, condition: Node | None) -> Node | None:
    """The query with one condition on a field in the place of all that there are; None: none."""
    wanted = [] if condition is None else [condition]
    return with_conditions(node, wanted, instead_of=lambda one: field_of(one) == field)
