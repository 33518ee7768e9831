"""What is wrong with a query, where, and what was probably meant."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.browse.mending import fault_of, mend
from apps.query import Node, QueryError, parse, show
from tests.query.trees import trees


@pytest.mark.parametrize(
    ("text", "error", "mended"),
    [
        ("a duratin<10m b", {"position": 2, "suggestion": "duration<10m"}, "a duration<10m b"),
        ("a duratin<10m b", {"position": 2, "suggestion": "duration"}, "a duration<10m b"),
        ("-(a OR duratin<10m)", {"position": 7, "suggestion": "duration<10m"},
         "-(a OR duration<10m)"),
        ("codec:hvc", {"position": 6, "suggestion": "hevc"}, "codec:hevc"),
        ("codec:av1,hvc", {"position": 10, "suggestion": "hevc"}, "codec:av1,hevc"),
        ('tag:"hund"', {"position": 4, "suggestion": "Big dog"}, 'tag:"Big dog"'),
        ("tag:hund", {"position": 4, "suggestion": '"Big dog"'}, 'tag:"Big dog"'),
        ("playlist:trip", {"position": 9, "suggestion": "trips,"}, 'playlist:"trips,"'),
        ("tag:hund", {"position": 4}, ""),
        ("tag:hund", {"position": 99, "suggestion": "x"}, ""),
        ("(a", {"position": 2, "suggestion": "b"}, ""),
    ],
)  # fmt: skip
def test_the_suggestion_takes_the_place_of_what_is_wrong(
    text: str, error: dict[str, object], mended: str
) -> None:
    assert mend(text, QueryError("wrong", **error)) == mended  # type: ignore[arg-type]


def test_a_fault_is_shown_in_its_place() -> None:
    fault = fault_of(QueryError("No such field", position=2, length=3), "a foo:b")

    assert (fault.before, fault.wrong, fault.after) == ("a ", "foo", ":b")
    assert fault.text == "No such field."


def test_what_is_missing_at_the_end_has_a_place_too() -> None:
    with pytest.raises(QueryError) as caught:
        parse("(a")
    fault = fault_of(caught.value, "(a")

    assert (fault.before, fault.wrong, fault.has_place) == ("(a", "", True)


@given(trees, st.integers(0, 80), st.text(max_size=8))
def test_mending_gives_a_query_that_can_be_read(node: Node, at: int, suggestion: str) -> None:
    text = show(node)

    mended = mend(text, QueryError("wrong", position=at, suggestion=suggestion))

    if mended:
        parse(mended)
