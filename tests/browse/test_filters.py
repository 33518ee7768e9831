"""Sections of the panel: they show what the query says, and say in the query what they show."""

from dataclasses import dataclass
from typing import Any

import pytest
from django.http import QueryDict
from hypothesis import given
from hypothesis import strategies as st

from apps.browse.conditions import conditions, field_of
from apps.browse.filters import Section, find_section, sections
from apps.browse.filters.written import name_value, read_value, write_value
from apps.query import Node, Range, Value, parse, show
from tests.query.trees import trees, values


@dataclass(frozen=True)
class Told:
    """A field as the language tells of it."""

    name: str
    kind: str
    label: str = "Label"
    options: tuple[tuple[str, str], ...] = ()

    def choices(self) -> tuple[tuple[str, str], ...]:
        return self.options


FIELDS = [
    Told("tag", "label"), Told("studio", "label"), Told("codec", "choice"),
    Told("duration", "number"), Told("size", "number"), Told("added", "date"),
    Told("date", "date"), Told("path", "text"), Told("width", "number"),
    Told("is", "condition", options=(("favorite", "a favourite"), ("portrait", "upright"))),
    Told("has", "condition", options=(("sprite", "a sprite"), ("tags", "tags"))),
    Told("missing", "condition", options=(("sprite", "a sprite"), ("tags", "tags"))),
    Told("mood", "text", "Mood"), Told("seen_at", "date"),
    Told("finished", "flag", options=(("yes", "yes"), ("no", "no"))),
]  # fmt: skip


def section(name: str) -> Section:
    found = find_section(name, FIELDS)
    assert found
    return found


def change(name: str, query: str, sent: str) -> str:
    return show(section(name).control.change(parse(query), QueryDict(sent)))


def form(name: str, query: str) -> dict[str, Any]:
    return section(name).control.show(parse(query))


def test_sections_stand_in_groups_and_new_fields_at_the_end() -> None:
    names = [one.name for one in sections(FIELDS)]

    assert names[0] == "tag"
    assert names[-3:] == ["mood", "seen_at", "finished"]
    assert "width" not in names
    assert "missing" not in names  # "has" speaks for it
    assert {one.group for one in sections(FIELDS)[-3:]} == {"More"}
    assert find_section("nonsense", FIELDS) is None


@pytest.mark.parametrize(
    ("query", "sent", "wanted"),
    [
        ("", "pick=dog", "tag:dog"),
        ("", "pick=Big+dog", 'tag:"Big dog"'),
        ("", "pick=dog&pick=cat", "tag:dog,cat"),
        ("", "pick=dog&pick=cat&mode=all", "tag:dog tag:cat"),
        ("", "pick=dog&exact=1", "tag=dog"),
        ("", "avoid=dog&avoid=cat", "-tag:dog,cat"),
        ("", "pick=dog&avoid=cat&exact=1", "tag=dog -tag=cat"),
        ("", "given=tag:dog&given=tag:%22cat%22", "tag:dog,cat"),
        ("", "against=tag:%22none%22", '-tag:"none"'),
        ("", "given=tag:none", "tag:none"),
        ("x", "given=tag<3&against=tag<2", "x tag<3 -tag<2"),
        ("x", "given=size:3&given=(&given=a+b&given=", "x"),
        ("", "value=none", "tag:none"),
        ("", "pick=none", 'tag:"none"'),  # a tag of this name
        ("", "pick=a*", 'tag:"a*"'),
        ("", "typed=+dog+", "tag:dog"),
        ("", "typed=d*", "tag:d*"),
        ("", "value=dog&not=dog", "-tag:dog"),
        ("x tag:dog y", "value=dog&pick=cat", "x tag:dog,cat y"),
        ("x tag:dog y", "", "x y"),
        ("x tag:dog -tag:cat y", "value=dog", "x tag:dog y"),
        ("tag:dog tag:cat", "value=dog&value=cat&mode=all", "tag:dog tag:cat"),
        ("tag:dog tag:cat", "value=dog&value=cat&mode=any", "tag:dog,cat"),
        # what the form can't hold stays
        ("tag:a,b tag:c", "pick=d", "tag:a,b tag:c tag:d"),
        ("tag!=a", "pick=d", "tag!=a tag:d"),
        ("tag:a..b", "pick=d", "tag:a..b tag:d"),
        ("tag=a tag:b", "value=b&pick=c", "tag=a tag:b,c"),
        ("tag:a OR b", "pick=c", "(tag:a OR b) tag:c"),
        ("", "pick=%22+OR+%22", r'tag:"\" OR \""'),
        ("", "value=a)+OR+(b", 'tag:"a) OR (b"'),
    ],
)
def test_values_are_chosen(query: str, sent: str, wanted: str) -> None:
    assert change("tag", query, sent) == wanted


def test_values_show_what_is_chosen() -> None:
    held = form("tag", 'x tag:dog tag:"none" -tag:cat,bird tag!=fox')

    chosen = [(one.text, one.written, one.excluded) for one in held["chosen"]]
    assert chosen == [
        ("dog", "dog", False), ("none", '"none"', False), ("cat", "cat", True),
        ("bird", "bird", True),
    ]  # fmt: skip
    assert (held["every"], held["exact"]) == (True, False)
    assert held["others"] == ["tag!=fox"]
    assert form("tag", "tag=dog")["exact"] is True
    assert [word for word, _label in form("studio", "studio:none")["words"]] == ["any"]


@pytest.mark.parametrize(
    ("query", "sent", "wanted"),
    [
        ("", "operator=>=&low=5m", "duration>=5m"),
        ("", "operator==&low=5m", "duration:5m"),
        ("", "operator=..&low=5m&high=10m", "duration:5m..10m"),
        ("", "operator=..&low=5m", "duration:5m.."),
        ("", "operator=..&high=5m", "duration:..5m"),
        ("", "operator=none", "duration:none"),
        ("", "operator=nonsense&low=5m", ""),
        ("", "operator=>=&low=", ""),
        ("", "operator=<&low=ten+minutes", 'duration<"ten minutes"'),
        ("", "operator=..&low=5m+x&high=1h", 'duration:"5m x..1h"'),
        ("", "operator=..&low=5m..&high=1h", 'duration:"5m....1h"'),
        ("a duration>5m b duration<1h", "operator=<&low=2h", "a duration<2h b"),
        ("a -duration:5m b", "operator=<&low=", "a b"),
    ],
)
def test_amounts_are_compared(query: str, sent: str, wanted: str) -> None:
    assert change("duration", query, sent.replace("==", "=%3D")) == wanted


@pytest.mark.parametrize(
    ("query", "operator", "low", "high"),
    [
        ("duration<5m", "<", "5m", ""),
        ("duration:5m", "=", "5m", ""),
        ("duration=5m", "=", "5m", ""),
        ("duration:5m..10m", "..", "5m", "10m"),
        ("duration:none", "none", "", ""),
        ("-duration:5m", ">=", "", ""),
        ("duration:5m,10m", ">=", "", ""),
        ("duration>5m duration<10m", ">=", "", ""),
    ],
)
def test_amounts_show_the_comparison(query: str, operator: str, low: str, high: str) -> None:
    held = form("duration", query)

    assert (held["operator"], held["low"], held["high"]) == (operator, low, high)
    assert bool(held["others"]) == (not low and operator not in ("none", "any"))


def test_what_is_always_there_is_never_none() -> None:
    assert "none" not in [sign for sign, _word in form("size", "")["comparisons"]]
    assert change("size", "", "operator=none") == ""


def test_days_are_chosen_quickly() -> None:
    assert change("added", "added<2024", "quick=7d&operator=>=&low=x") == "added:7d"


@pytest.mark.parametrize(
    ("query", "sent", "wanted"),
    [
        ("", "flag-favorite=yes", "is:favorite"),
        ("", "flag-favorite=no", "-is:favorite"),
        ("a -is:favorite b", "flag-favorite=yes", "a is:favorite b"),
        ("a is:favorite b", "flag-favorite=", "a b"),
        ("a is:Favorite b is:portrait", "", "a b is:portrait"),
        ("is:favorite,portrait", "flag-favorite=yes", "is:favorite,portrait is:favorite"),
    ],
)
def test_conditions_hold_or_not(query: str, sent: str, wanted: str) -> None:
    assert change("is", query, sent) == wanted


def test_what_is_lacking_has_a_field_of_its_own() -> None:
    assert change("has", "", "flag-sprite=no&flag-tags=yes") == "missing:sprite has:tags"
    assert change("has", "-missing:sprite", "flag-sprite=no") == "missing:sprite"
    shown = {
        name: state for name, _label, state in form("has", "-has:tags missing:sprite")["flags"]
    }
    assert shown == {"sprite": "no", "tags": "no"}
    assert form("is", "-is:portrait is:favorite")["count"] == 1


@pytest.mark.parametrize(
    ("query", "sent", "wanted"),
    [
        ("", "text=holiday", "path:holiday"),
        ("", "text=my+films", 'path:"my films"'),
        ("", "text=*.avi", "path:*.avi"),
        ("a path:x b path:y", "text=z", "a path:z b path:y"),
        ("a path:x b", "text=", "a b"),
    ],
)
def test_texts_are_typed(query: str, sent: str, wanted: str) -> None:
    assert change("path", query, sent) == wanted


def test_fields_of_ones_own_have_sections() -> None:
    assert change("mood", "", "text=calm") == "mood:calm"
    assert change("finished", "", "value=yes") == "finished:yes"
    assert [one.text for one in form("finished", "finished:yes")["fixed"]] == ["no"]


@given(values.filter(lambda value: isinstance(value, Value)))
def test_a_value_comes_back_as_it_was_sent(value: Value) -> None:
    parsed = parse(f"x:{write_value(value)}")

    assert read_value(write_value(value)).text == value.text
    assert parsed == parse(f"x:{write_value(read_value(write_value(value)))}")


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20))
def test_a_name_means_itself_whatever_it_is(name: str) -> None:
    term: Any = parse(f"tag:{write_value(name_value(name))}")

    assert [value.text for value in term.values] == [name]
    assert not isinstance(term.values[0], Range)


def _resent(one: Section, node: Node | None) -> QueryDict:
    """What a browser sends of a form in which nothing was touched."""
    held = one.control.show(node)
    sent = QueryDict(mutable=True)
    for chosen in held.get("chosen", []):
        sent.appendlist("not" if chosen.excluded else "value", chosen.written)
    if held.get("every"):
        sent["mode"] = "all"
    if held.get("exact"):
        sent["exact"] = "1"
    for name in ("operator", "low", "high", "text"):
        if name in held:
            sent[name] = held[name]
    for name, _label, state in held.get("flags", []):
        sent[f"flag-{name}"] = state
    return sent


_QUERIES = st.lists(
    st.sampled_from(
        ["tag:dog", "tag:cat,fox", "-tag:bird", "tag=owl", 'tag:"none"', "tag:none", "word",
         "path:x", "duration<5m", "duration:1m..2m", "duration:none", "is:favorite", "-is:favorite",
         "has:sprite", "missing:tags", "codec:hevc", "-codec:av1", "(a OR tag:x)", "added:7d"]
    ), max_size=6, unique=True,
).map(" ".join)  # fmt: skip


@given(_QUERIES, st.sampled_from([field.name for field in FIELDS]))
def test_sending_an_untouched_form_keeps_what_it_shows(query: str, name: str) -> None:
    one = find_section(name, FIELDS)
    if one is None:
        return
    node = parse(query)
    held = one.control.show(node)
    if one.control.template == "amount" and held["others"]:
        return  # it says that applying takes the place of these

    changed = one.control.change(node, _resent(one, node))

    assert one.control.show(changed) == held
    others = {name, "missing" if name == "has" else name}
    assert [c for c in conditions(changed) if field_of(c) not in others] == [
        c for c in conditions(node) if field_of(c) not in others
    ]
    assert parse(show(changed)) == changed


@given(st.none() | trees, st.sampled_from([field.name for field in FIELDS]), st.text(max_size=30))
def test_no_form_breaks_a_query(node: Node | None, name: str, text: str) -> None:
    one = find_section(name, FIELDS)
    if one is None or "\0" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
        return
    sent = QueryDict(mutable=True)
    sent.update({"low": text, "high": text, "text": text, "typed": text, "quick": text})
    sent.update({"operator": "..", "value": text, "not": f"{text}x", "pick": text})

    changed = one.control.change(node, sent)

    assert parse(show(changed)) == changed
