"""Reading queries.

Limits keep a query from costing much before anybody has looked at what it asks for. Their order
matters: the text's length bounds what the parser does, and its brackets how deep the tree is.
"""

from apps.query.errors import QueryError
from apps.query.tree import DEEPEST, Node, leaves

LONGEST = 2_000
MOST_LEAVES = 60
MOST_VALUES = 100


def parse(text: str) -> Node | None:
    """The tree of a query, or nothing for an empty one. Raises QueryError."""
    if len(text) > LONGEST:
        problem = f"A query may have {LONGEST:,} characters, this one has {len(text):,}"
        raise QueryError(problem, position=LONGEST)
    if "\0" in text:
        raise QueryError("A query can't hold a null character", position=text.index("\0"), length=1)
    _check_depth(text)
    from apps.query.reader import read  # Lark takes a tenth of a second to import

    node = read(text)
    if len(found := list(leaves(node))) > MOST_LEAVES:
        problem = f"A query may have {MOST_LEAVES} words and conditions, this one has {len(found)}"
        raise QueryError(problem, position=found[MOST_LEAVES].at)
    return node


def unquote(text: str) -> str:
    """What stands in a quoted phrase."""
    parts: list[str] = []
    escaped = False
    for letter in text[1:-1]:
        escaped = letter == "\\" and not escaped
        if not escaped:
            parts.append(letter)
    return "".join(parts)


def read_range(text: str) -> tuple[str, str] | None:
    """The ends of ``a..b``, if that is one."""
    low, dots, high = text.partition("..")
    return (low, high) if dots and (low or high) and ".." not in high else None


def _check_depth(text: str) -> None:
    """Brackets outside of phrases, and signs of negation in a row, bound the depth of the tree."""
    level = signs = 0
    quoted = escaped = False
    for position, letter in enumerate(text):
        if quoted:
            quoted = letter != '"' or escaped
            escaped = letter == "\\" and not escaped
            continue
        quoted = letter == '"'
        level += (letter == "(") - (letter == ")")
        signs = signs + 1 if letter == "-" else 0
        if level > DEEPEST or signs > DEEPEST:
            raise QueryError(f"Brackets may be {DEEPEST} deep", position=position, length=1)
