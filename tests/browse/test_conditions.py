"""Editing a query by its conditions: what is touched, and that the rest stays as it was."""

from hypothesis import assume, given
from hypothesis import strategies as st

from apps.browse.conditions import (
    conditions,
    field_of,
    with_condition,
    with_conditions,
    with_opposite,
    without,
)
from apps.query import Node, Not, Term, Value, parse, show
from tests.query.trees import trees

maybe = st.none() | trees


def read(text: str) -> Node | None:
    return parse(text)


def test_conditions_are_what_must_hold_together() -> None:
    assert [show(one) for one in conditions(read("a tag:b (c OR d) -e"))] == [
        "a", "tag:b", "c OR d", "-e",
    ]  # fmt: skip
    assert conditions(None) == ()
    assert len(conditions(read("a OR b"))) == 1


def test_a_condition_is_put_where_the_old_one_stood() -> None:
    node = read("a duration<10m b -duration:5m c")
    wanted = Term("duration", ">", (Value("1h"),))

    assert show(with_condition(node, "duration", wanted)) == "a duration>1h b c"
    assert show(with_condition(node, "duration", None)) == "a b c"
    assert show(with_condition(node, "size", wanted)) == f"{show(node)} duration>1h"
    assert show(with_condition(None, "size", wanted)) == "duration>1h"


def test_what_stands_in_an_alternative_is_not_touched() -> None:
    node = read("(tag:a OR duration<1m) tag:b")

    assert show(with_condition(node, "tag", None)) == "tag:a OR duration<1m"


@given(st.data(), trees)
def test_taking_off_leaves_all_others_in_their_order(data: st.DataObject, node: Node) -> None:
    before = conditions(node)
    place = data.draw(st.sampled_from(range(len(before))))

    rest = list(before)
    rest.pop(place)

    assert [show(one) for one in conditions(without(node, place))] == [show(one) for one in rest]


@given(st.data(), trees)
def test_turning_twice_is_the_same_query(data: st.DataObject, node: Node) -> None:
    # the opposite of the opposite of several conditions stands side by side with the others
    straight = [n for n, one in enumerate(conditions(node)) if not isinstance(one, Not)]
    assume(straight)
    place = data.draw(st.sampled_from(straight))

    assert with_opposite(with_opposite(node, place), place) == node


@given(maybe, st.sampled_from(["tag", "duration", "zzz"]), st.none() | trees)
def test_one_field_is_replaced_and_nothing_else(
    node: Node | None, field: str, inner: Node | None
) -> None:
    wanted = None if inner is None else Term(field, ":", (Value("x"),))
    kept = [one for one in conditions(node) if field_of(one) != field]

    changed = with_condition(node, field, wanted)

    assert [one for one in conditions(changed) if field_of(one) != field] == kept
    assert [one for one in conditions(changed) if field_of(one) == field] == (
        [wanted] if wanted else []
    )
    assert with_condition(changed, field, wanted) == changed
    assert parse(show(changed)) == changed


@given(maybe)
def test_nothing_instead_of_nothing_changes_nothing(node: Node | None) -> None:
    assert with_conditions(node, [], instead_of=lambda _one: False) == node
