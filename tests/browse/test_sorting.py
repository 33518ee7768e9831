"""Orders of several keys."""

from hypothesis import given
from hypothesis import strategies as st

from apps.browse.sorting import new_keys, sort_keys

LABELS = {"added_at": "Added", "title": "Title", "rating": "Rating"}


def test_each_key_can_be_turned_moved_and_removed() -> None:
    first, second = sort_keys("-rating,title", LABELS)

    assert (first.label, first.descending, first.turned) == ("Rating", True, "rating,title")
    assert (first.removed, first.earlier, first.later) == ("title", "", "title,-rating")
    assert (second.turned, second.earlier, second.later) == ("-rating,-title", "title,-rating", "")


def test_the_only_key_stays() -> None:
    [only] = sort_keys("-added_at", LABELS)

    assert (only.removed, only.earlier, only.later) == ("", "", "")


def test_new_keys_begin_at_their_usual_end() -> None:
    assert [(key.added, key.alone) for key in new_keys("-rating", LABELS)] == [
        ("-rating,-added_at", "-added_at"),
        ("-rating,title", "title"),
    ]


@given(st.lists(st.sampled_from(sorted(LABELS)), min_size=1, unique=True), st.randoms())
def test_no_step_loses_another_key(names: list[str], random: object) -> None:
    ordering = ",".join(names)

    for key in sort_keys(ordering, LABELS):
        for way in (key.turned, key.earlier, key.later):
            if way:
                assert sorted(word.removeprefix("-") for word in way.split(",")) == sorted(names)
        if key.removed:
            assert set(key.removed.split(",")) == set(names) - {key.name}
