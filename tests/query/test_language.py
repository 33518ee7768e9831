"""The language by itself: what is written is read back, whatever stands in it."""

import random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from apps.query import And, Node, Not, Or, QueryError, Range, Term, Value, Word, parse, show
from apps.query.grammar import LONGEST, MOST_LEAVES, MOST_VALUES
from apps.query.tree import DEEPEST, depth, leaves
from tests.query.trees import terms, texts, trees, words

_PIECES = [
    "a", "OR", "AND", "NOT", "-", "(", ")", '"', "\\", ":", "=", "!=", "<", ">=", ",", "..", " ",
    "tag", "rating", "10m", "1..2", "none", '"a b"', "é", "\n", "tag:a", "-tag:a,b", "size>1GB",
]  # fmt: skip


@given(trees)
def test_a_tree_is_read_back_from_its_text(tree: Node) -> None:
    assert parse(show(tree)) == tree


@given(words | terms)
def test_a_leaf_is_read_back_inside_of_everything(leaf: Node) -> None:
    for tree in (Not(leaf), And((leaf, leaf)), Or((leaf, Not(leaf))), Not(Or((leaf, leaf)))):
        assert parse(show(tree)) == tree


@given(st.text(max_size=60) | st.lists(st.sampled_from(_PIECES), max_size=25).map("".join))
@example("a OR")
@example("tag:")
@example("(a")
@example('"')
@example("- a")
@example("NOT NOT a")
@example("a:0,<")  # a sign is a value's own but behind an operator
@example("a==OR")
@example("a< =")
@example(",a (b:c) ,d")
def test_any_text_is_a_tree_or_an_error_with_its_place(text: str) -> None:
    _read(text)


@given(trees, st.randoms(use_true_random=False))
def test_a_damaged_query_is_a_tree_or_an_error_with_its_place(
    tree: Node, chance: random.Random
) -> None:
    text = show(tree)
    for _ in range(3):
        at = chance.randrange(len(text) + 1)
        text = text[:at] + chance.choice(["", *_PIECES]) + text[at + chance.randrange(2) :]
    _read(text)


def _read(text: str) -> None:
    error, tree = None, None
    try:
        tree = parse(text)
    except QueryError as caught:
        error = caught
    if error:
        assert 0 <= error.position <= error.position + error.length <= len(text)
        assert error.found == text[error.position : error.position + len(error.found)]
        assert str(error)
    else:
        assert parse(show(tree)) == tree, text
        assert show(parse(show(tree))) == show(tree)


@given(texts)
def test_positions_point_at_what_was_written(text: str) -> None:
    try:
        tree = parse(f"aa {text}")
    except QueryError:
        return
    for leaf in leaves(tree):
        assert leaf.at == 0 or leaf.at >= 2


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("", None),
        ("  ", None),
        ("a b", And((Word("a"), Word("b")))),
        ("a AND b", And((Word("a"), Word("b")))),
        ("a OR b c", Or((Word("a"), And((Word("b"), Word("c")))))),
        ("(a OR b) c", And((Or((Word("a"), Word("b"))), Word("c")))),
        ("-a", Not(Word("a"))),
        ("NOT a", Not(Word("a"))),
        ("NOT (a OR b)", Not(Or((Word("a"), Word("b"))))),
        ("-(-a)", Word("a")),
        ("--a", Word("a")),
        ("a-b", Word("a-b")),
        ("-", Word("-")),
        ("ORDER", Word("ORDER")),
        ("a, b", And((Word("a,"), Word("b")))),
        (",", Word(",", quoted=True)),
        ("tag:a, b", Term("tag", ":", (Value("a"), Value("b")))),
        ('"a OR b"', Word("a OR b", quoted=True)),
        (r'"a \"b\" \\"', Word('a "b" \\', quoted=True)),
        ("tag:a", Term("tag", ":", (Value("a"),))),
        ("TAG:A", Term("tag", ":", (Value("A"),))),
        ("tag:a,b", Term("tag", ":", (Value("a"), Value("b")))),
        ('tag:"a,b",c', Term("tag", ":", (Value("a,b", quoted=True), Value("c")))),
        ("rating:>=80", Term("rating", ">=", (Value("80"),))),
        ("rating!=80", Term("rating", "!=", (Value("80"),))),
        ("size:1GB..", Term("size", ":", (Range("1GB", ""),))),
        ("duration:1:30", Term("duration", ":", (Value("1:30"),))),
        ("path:/a/b*", Term("path", ":", (Value("/a/b*"),))),
        ("date:2023-05..2024", Term("date", ":", (Range("2023-05", "2024"),))),
    ],
)
def test_says_what_is_meant(text: str, tree: Node | None) -> None:
    assert parse(text) == tree


@pytest.mark.parametrize(
    ("text", "position", "found"),
    [
        ("a OR", 4, ""),
        ("tag:", 4, ""),
        ("(a", 2, ""),
        ("a)", 1, ")"),
        ('a "b', 2, '"'),
        ("a OR OR b", 5, "OR"),
        ("tag:a,,b", 6, ","),
        ("()", 1, ")"),
    ],
)
def test_an_error_tells_its_place(text: str, position: int, found: str) -> None:
    with pytest.raises(QueryError) as caught:
        parse(text)

    assert (caught.value.position, caught.value.found) == (position, found)


class TestLimits:
    def test_length(self) -> None:
        assert parse("a" * LONGEST) == Word("a" * LONGEST)
        with pytest.raises(QueryError):
            parse("a" * (LONGEST + 1))

    def test_leaves(self) -> None:
        assert len(list(leaves(parse("a " * MOST_LEAVES)))) == MOST_LEAVES
        with pytest.raises(QueryError) as caught:
            parse("a " * (MOST_LEAVES + 1))
        assert caught.value.position == 2 * MOST_LEAVES

    def test_values(self) -> None:
        term = parse("tag:" + ",".join(["a"] * MOST_VALUES))
        assert isinstance(term, Term)
        assert len(term.values) == MOST_VALUES
        with pytest.raises(QueryError):
            parse("tag:" + ",".join(["a"] * (MOST_VALUES + 1)))

    @pytest.mark.parametrize("bracket", ["(", "-(", "NOT (", "(b "])
    def test_depth(self, bracket: str) -> None:
        tree = parse(bracket * DEEPEST + "a" + ")" * DEEPEST)
        assert tree is not None
        assert depth(tree) <= 2 * DEEPEST
        with pytest.raises(QueryError):
            parse(bracket * (DEEPEST + 1) + "a" + ")" * (DEEPEST + 1))

    @pytest.mark.parametrize("piece", ["(", "-", "NOT ", "a OR ", '"', "\\", "tag:", "((", "a,"])
    def test_two_thousand_of_anything_end_soon(self, piece: str) -> None:
        _read((piece * LONGEST)[:LONGEST])

    def test_a_null_character_is_refused(self) -> None:
        with pytest.raises(QueryError) as caught:
            parse("a\0b")
        assert caught.value.position == 1
