"""Writing queries: what ``parse`` reads back as the same tree."""

import re

from apps.query.grammar import read_range
from apps.query.tree import And, Node, Not, Or, Range, Term, Value, Word

_KEYWORDS = {"OR", "AND", "NOT"}
_BARE_WORD = re.compile(r'(?![A-Za-z][A-Za-z0-9_]*(?::|=|!=|<|>))[^\s"(),-][^\s"()]*|-')
_BARE_VALUE = re.compile(r'[^\s",()]+')
_OPERATOR = re.compile(":?(?:!=|<=|>=|=|<|>)|:")


def show(node: Node | None) -> str:
    """The query in its plainest form."""
    match node:
        case None:
            return ""
        case Or():
            return " OR ".join(show(one) for one in node.nodes)
        case And():
            return " ".join(_show_in_and(one) for one in node.nodes)
        case Not():
            inner = show(node.node)
            return f"-({inner})" if isinstance(node.node, And | Or) else f"-{inner}"
        case Term():
            return f"{node.field}{node.operator}{_show_values(node)}"
        case Word():
            return node.text if not node.quoted and is_bare_word(node.text) else quote(node.text)


def show_value(value: Value | Range) -> str:
    """A value with quotes where it needs them, behind whichever operator."""
    shown = _show_plainly(value)
    return quote(value.text) if shown.startswith(("<", ">", "=", "!=")) else shown


def _show_values(term: Term) -> str:
    shown = [_show_plainly(value) for value in term.values]
    read = _OPERATOR.match(term.operator + shown[0])
    # Where the two would be read as another operator a blank keeps them apart.
    shown[0] = f" {shown[0]}" if read and read.end() > len(term.operator) else shown[0]
    return ",".join(shown)


def _show_plainly(value: Value | Range) -> str:
    if isinstance(value, Range):
        return value.text
    return quote(value.text) if value.quoted or not _is_whole(value.text) else value.text


def is_bare_word(text: str) -> bool:
    """Whether the text reads as one word without quotes."""
    return text not in _KEYWORDS and _BARE_WORD.fullmatch(text) is not None


def is_bare_value(text: str) -> bool:
    """Whether the text reads as one value without quotes."""
    return _is_whole(text) and not text.startswith(("<", ">", "=", "!="))


def quote(text: str) -> str:
    """The text in quotation marks."""
    inner = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{inner}"'


def _is_whole(text: str) -> bool:
    return read_range(text) is None and _BARE_VALUE.fullmatch(text) is not None


def _show_in_and(node: Node) -> str:
    return f"({show(node)})" if isinstance(node, Or) else show(node)
