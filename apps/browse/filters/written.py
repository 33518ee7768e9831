"""Values as forms send them, which is as queries have them."""

from apps.query import Node, Not, QueryError, Range, Term, Value, parse
from apps.query.grammar import unquote
from apps.query.printer import is_bare_value, show_value

_SAFE_RANGE = set('",() \t\r\n\f\v')


def write_value(value: Value) -> str:
    """A value as a form holds it; ``read_value`` gives the same one."""
    return show_value(value)


def read_value(text: str) -> Value:
    """A value as a query has it, in quotes or not."""
    if len(text) > 1 and text.startswith('"') and text.endswith('"'):
        return Value(unquote(text), quoted=True)
    return Value(text, quoted=not is_bare_value(text))


def name_value(text: str) -> Value:
    """The value that means exactly this text, whatever stands in it."""
    is_special = "*" in text or text.lower() in ("none", "any")
    return Value(text, quoted=is_special or not is_bare_value(text))


def read_condition(text: str, field: str) -> Term | None:
    """A condition on a field as it is written in a query, if the text is one."""
    try:
        node = parse(text)
    except QueryError:
        return None
    return node if isinstance(node, Term) and node.field == field else None


def read_range(low: str, high: str) -> Value | Range:
    """``low..high``; what can't be one becomes a text, which its field refuses."""
    ends = (low, high)
    if any(_SAFE_RANGE & set(end) or ".." in end for end in ends) or not (low or high):
        return Value(f"{low}..{high}", quoted=True)
    return Range(low, high)


def term_of(condition: Node) -> tuple[Term | None, bool]:
    """The term of a condition, and whether it is its opposite that must hold."""
    if isinstance(condition, Not):
        return (condition.node if isinstance(condition.node, Term) else None), True
    return (condition if isinstance(condition, Term) else None), False


def plain_values(term: Term) -> tuple[Value, ...]:
    """The term's values if none of them is a range, else nothing."""
    values = tuple(value for value in term.values if isinstance(value, Value))
    return values if len(values) == len(term.values) else ()
