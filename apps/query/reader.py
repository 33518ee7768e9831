"""The grammar of queries, and the tree that Lark's LALR parser makes of a text by it."""

from functools import cache
from typing import Any

from lark import Lark, Token, Transformer, UnexpectedInput, v_args
from lark.exceptions import UnexpectedCharacters, UnexpectedEOF, UnexpectedToken, VisitError

from apps.query.errors import QueryError
from apps.query.grammar import MOST_VALUES, read_range, unquote
from apps.query.tree import Node, Range, Term, Value, Word, all_of, any_of, none_of

_GRAMMAR = r"""
start: either?
?either: both (_OR both)*
?both: single (_AND? single)*
?single: _MINUS single -> opposite
       | _NOT single -> opposite
       | "(" either ")"
       | FIELD OPERATOR value (_COMMA value)* -> term
       | PHRASE -> phrase
       | WORD -> word
value: PHRASE -> quoted
     | PLAIN -> plain

_COMMA.6: ","
_OR.5: /OR(?=[\s()"]|$)/
_AND.5: /AND(?=[\s()"]|$)/
_NOT.5: /NOT(?=[\s()"]|$)/
_MINUS.4: /-(?=[^\s)])/
FIELD.3: /[A-Za-z][A-Za-z0-9_]*(?=:|=|!=|<|>)/
OPERATOR.3: /:?(?:!=|<=|>=|=|<|>)|:/
PHRASE.2: /"(?:\\.|[^"\\])*"/s
PLAIN.1: /[^\s",()]+/
WORD.1: /(?!(?:OR|AND|NOT)(?:[\s()"]|$))[^\s"()]+/

%ignore /\s+/
"""

_NAMES = {
    "FIELD": "a field", "OPERATOR": "an operator", "PHRASE": "a quoted phrase", "PLAIN": "a value",
    "WORD": "a word", "LPAR": "“(”", "RPAR": "“)”", "_COMMA": "“,”", "_OR": "OR", "_AND": "AND",
    "_NOT": "NOT", "_MINUS": "“-”", "$END": "the end",
}  # fmt: skip


def read(text: str) -> Node | None:
    """The tree of a query that keeps to the limits. Raises QueryError."""
    try:
        node: Node | None = _parser().parse(text)  # type: ignore[assignment]
    except UnexpectedInput as error:
        raise _told(text, error) from error
    except VisitError as error:
        raise error.orig_exc from error
    return node


@v_args(inline=True)
class _Build(Transformer):
    def start(self, node: Node | None = None) -> Node | None:
        return node

    def either(self, *nodes: Node) -> Node | None:
        return any_of(nodes)

    def both(self, *nodes: Node) -> Node | None:
        return all_of(nodes)

    def opposite(self, node: Node) -> Node:
        return none_of(node)

    def term(self, name: Token, operator: Token, *values: Value | Range) -> Term:
        if len(values) > MOST_VALUES:
            problem = f"A field takes {MOST_VALUES} values at once, here are {len(values)}"
            raise QueryError(problem, position=values[MOST_VALUES].at)
        sign = operator.removeprefix(":") or ":"
        return Term(name.lower(), sign, values, at=name.start_pos or 0)

    def phrase(self, token: Token) -> Word:
        return Word(unquote(token), quoted=True, at=token.start_pos or 0)

    def word(self, token: Token) -> Word:
        # A comma in front is as good as quoted: behind a term it would be read as one more value.
        return Word(str(token), quoted=token.startswith(","), at=token.start_pos or 0)

    def quoted(self, token: Token) -> Value:
        return Value(unquote(token), quoted=True, at=token.start_pos or 0)

    def plain(self, token: Token) -> Value | Range:
        at = token.start_pos or 0
        ends = read_range(token)
        return Range(*ends, at=at) if ends else Value(str(token), at=at)


@cache
def _parser() -> Lark:
    return Lark(_GRAMMAR, parser="lalr", lexer="contextual", transformer=_Build())


def _told(text: str, error: UnexpectedInput) -> QueryError:
    match error:
        case UnexpectedToken(token=Token(type="$END")) | UnexpectedEOF():
            position, found = len(text), ""
        case UnexpectedToken(token=token):
            position, found = token.start_pos or 0, str(token)
        case UnexpectedCharacters():
            stopped: Any = error  # Lark types its position as None
            position = stopped.pos_in_stream
            found = text[position : position + 1]
        case _:
            position, found = 0, text
    names: Any = getattr(error, "accepts", None) or getattr(error, "expected", None) or ()
    if isinstance(error, UnexpectedCharacters):
        names = error.allowed or ()
    expected = sorted({_NAMES[name] for name in names if name in _NAMES})
    if found == '"':
        return QueryError("This quotation mark is never closed", position=position, length=1,
                          found=found, expected=["“\"”"])  # fmt: skip
    problem = f"“{found}” can't stand here" if found else "Something is missing at the end"
    listed = f": expected {' or '.join(expected[:6])}" if expected else ""
    return QueryError(problem + listed, position=position, length=len(found), found=found,
                      expected=expected)  # fmt: skip
