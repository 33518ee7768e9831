"""Chips: what they say, and the queries that their buttons lead to."""

import pytest
from hypothesis import given

from apps.browse.chips import chips, say
from apps.browse.conditions import conditions
from apps.query import Node, none_of, parse, show
from tests.query.trees import trees

LABELS = {"duration": "Length", "tag": "Tag", "studio": "Studio", "is": "Is"}


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("walk", "“walk”"),
        ('"a walk"', "“a walk”"),
        ("-walk", "not “walk”"),
        ("duration<10m", "Length < 10m"),
        ("duration>=10m", "Length ≥ 10m"),
        ("duration:5m..10m", "Length: 5m to 10m"),
        ("duration:5m..", "Length: from 5m"),
        ("duration:..5m", "Length: up to 5m"),
        ("-duration:5m..10m", "not Length: 5m to 10m"),
        ("tag:dog,cat", "Tag: dog or cat"),
        ('tag="Big dog"', "Tag = Big dog"),
        ("tag!=dog", "Tag ≠ dog"),
        ("studio:none", "Studio: none"),
        ("-studio:none", "Studio: any"),
        ('studio:"none"', "Studio: none"),
        ("is:favorite", "Favorite"),
        ("-is:favorite", "Not favorite"),
        ("has:sprite", "Has sprite"),
        ("missing:preview", "Misses preview"),
        ("-missing:preview", "Doesn't miss preview"),
        ("unknown:x", "unknown: x"),
        ("cat OR tag:dog", "“cat” or Tag: dog"),
        ("cat OR dog bird", "“cat” or (“dog” and “bird”)"),
        ("-(cat OR dog)", "not (“cat” or “dog”)"),
    ],
)
def test_says_a_condition_in_words(query: str, text: str) -> None:
    [chip] = chips(parse(query), LABELS)

    assert chip.text == text
    assert chip.is_negative == query.startswith("-")
    assert (chip.query, chip.without) == (query, "")


def test_no_query_has_no_chips() -> None:
    assert chips(None, LABELS) == []


def test_a_long_text_is_cut() -> None:
    [chip] = chips(parse("x" * 500), LABELS)

    assert len(chip.text) == 120
    assert chip.query == "x" * 500


@given(trees)
def test_each_button_leads_to_the_query_that_it_says(node: Node) -> None:
    parts = conditions(node)
    made = chips(node, LABELS)

    assert [chip.query for chip in made] == [show(one) for one in parts]
    for place, chip in enumerate(made):
        others = [show(one) for at, one in enumerate(parts) if at != place]
        assert [show(one) for one in conditions(parse(chip.without))] == others
        turned = [show(one) for one in conditions(parse(chip.opposite))]
        assert [one for one in turned if one in others] or not others
        assert show(none_of(parts[place])) in (*turned, " ".join(turned), chip.opposite) or others
        assert parse(chip.query) is not None


@given(trees)
def test_everything_can_be_said(node: Node) -> None:
    assert say(node, LABELS)
