"""Strategies for the query language: every kind of node, with texts that mean it ill."""

from hypothesis import strategies as st

from apps.query import And, Node, Not, Or, Range, Term, Value, Word, all_of, any_of, none_of
from apps.query.tree import OPERATORS

_SAYINGS = [
    "OR", "AND", "NOT", "or", "-", "--", "-a", "(", ")", ":", "a:b", "a=b", "a<b", "a!=b", "!=",
    "!", "..", "1..2", "a..", "..b", "...", "1..2..3", ",", "a,b", '"', "\\", '\\"', '"a"', "none",
    "any", "*", "%", "_", "é", "ß", "İ", "日本", "a b", " a", "a ", "\t", "\n", "\u2028", "\u00a0",
    "=", "<", ">=", "<=1", ":x", "NOT\u00a0a", "'", "a-b", "😀", "\u0301", "x:y:z", "1:30",
    "[", "{}",
]  # fmt: skip
_LETTERS = "abAB01 \\\":=<>!(),.-*%_'é日\u2028\u00a0\t\n"

texts = (
    st.sampled_from(_SAYINGS)
    | st.text(_LETTERS, max_size=8)
    | st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=8)
)
fields = st.from_regex(r"[a-z][a-z0-9_]{0,6}", fullmatch=True)
_ends = st.text("abé0123456789-:TMB*%'!é", max_size=5)
ranges = st.builds(Range, _ends, _ends).filter(lambda one: bool(one.low or one.high))
values = st.builds(Value, texts, st.booleans()) | ranges


def _as_parsed(value: Value | Range) -> Value | Range:
    """A text that needs quotes comes back quoted: there is no other way to write it."""
    from apps.query.printer import is_bare_value

    if isinstance(value, Value) and not value.quoted and not is_bare_value(value.text):
        return Value(value.text, quoted=True)
    return value


def _word(text: str, quoted: bool) -> Word:
    from apps.query.printer import is_bare_word

    return Word(text, quoted or not is_bare_word(text))


words = st.builds(_word, texts, st.booleans())
terms = st.builds(
    Term, fields, st.sampled_from(OPERATORS),
    st.lists(values.map(_as_parsed), min_size=1, max_size=3).map(tuple),
)  # fmt: skip


def _several(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    some = st.lists(inner, min_size=2, max_size=4)
    return some.map(all_of) | some.map(any_of) | inner.map(none_of)  # type: ignore[return-value]


trees: st.SearchStrategy[Node] = st.recursive(words | terms, _several, max_leaves=12)

__all__ = ["And", "Not", "Or", "fields", "terms", "texts", "trees", "values", "words"]
