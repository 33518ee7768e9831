import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.ffmpeg import untrusted

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@pytest.mark.parametrize(
    "nonsense",
    ["N/A", "", "1e999", "nan", "-5", "9" * 5000, True, [], {}, None, float("inf"), 10**400],
)
def test_numbers_that_make_no_sense_are_unknown(nonsense: object) -> None:
    assert untrusted.number(nonsense, 0, 1000) is None


@pytest.mark.parametrize(
    ("value", "expected"),
    [("25/1", 25), ("30000/1001", 29.97), ("16:11", 1.4545), ("0/0", None), ("1/0", None),
     ("25", 25), ("a/b", None), ("1/1/1", None), (None, None)],
)  # fmt: skip
def test_ratios(value: object, expected: float | None) -> None:
    assert untrusted.ratio(value, 0, 1000) == (expected and pytest.approx(expected, abs=1e-4))


def test_milliseconds_come_from_seconds() -> None:
    assert untrusted.milliseconds("1.2345", 0, 10) == 1234


@given(st.text(st.characters()) | st.text("\0\ud800\udfff\ufffea\n"))
def test_text_can_be_stored_anywhere(value: str) -> None:
    clean = untrusted.text(value, 50)

    clean.encode()
    assert "\0" not in clean
    assert len(clean) <= 50


def test_what_could_not_be_decoded_is_one_sign_a_run() -> None:
    assert untrusted.text("a\ufffd\ufffd\ud800b", 50) == "a\ufffdb"


def test_tags_are_few_and_short_and_say_something() -> None:
    given_tags = {f"k{n}": "x" * 100 for n in range(100)} | {"nothing": "", "number": 5}

    found = untrusted.tags(given_tags, most=3, longest=10)

    assert found == {"k0": "x" * 10, "k1": "x" * 10, "k2": "x" * 10}


def test_a_vendor_that_is_not_set_is_left_out() -> None:
    assert untrusted.tags({"vendor_id": "[0][0][0][0]"}, most=9, longest=99) == {}


@given(_JSON)
def test_anything_may_be_asked_for_anything(value: object) -> None:
    untrusted.integer(value, 0, 10)
    untrusted.ratio(value, 0, 10)
    untrusted.text(value, 10)
    untrusted.items(value, 10)
    json.dumps(untrusted.tags(value, most=5, longest=5)).encode()
