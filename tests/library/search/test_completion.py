"""What a query that is being typed is completed with."""

from datetime import UTC, datetime

import pytest
from django.core.cache import cache
from hypothesis import given
from hypothesis import strategies as st

from apps.library.models import Word
from apps.library.search import Asker, Question, all_fields
from apps.library.search.completion import Completion, complete
from apps.library.search.completion_place import find_place
from apps.query import QueryError, parse
from tests.factories import make_library, make_performer, make_studio, make_tag, make_video

pytestmark = pytest.mark.django_db
ASKER = Asker(None, datetime(2026, 11, 21, 12, tzinfo=UTC))


@pytest.fixture(autouse=True)
def _fresh_cache() -> None:
    cache.clear()


def completed(text: str) -> Completion:
    """The completion at ``|``."""
    return complete(text.replace("|", ""), text.index("|"), asker=ASKER)


def offered(text: str) -> list[str]:
    return [item.text for item in completed(text).items]


def chosen(text: str, item: str) -> str:
    """The query once an item that is offered was chosen."""
    found, typed = completed(text), text.replace("|", "")
    assert item in [one.text for one in found.items]
    return typed[: found.start] + item + typed[found.end :]


@pytest.mark.parametrize(
    ("text", "start", "end", "typed", "field"),
    [
        ("|", 0, 0, "", ""),
        ("dro|ne", 0, 5, "dro", ""),
        ("a |", 2, 2, "", ""),
        ("-ta|", 1, 3, "ta", ""),
        ("(a OR ta|)", 6, 8, "ta", ""),
        ("tag:|", 4, 4, "", "tag"),
        ("tag: |", 5, 5, "", "tag"),
        ("tag:a,b|", 6, 7, "b", "tag"),
        ("tag:a,|", 6, 6, "", "tag"),
        ("tag:a|,b", 4, 5, "a", "tag"),
        ('tag:"a b|', 4, 8, "a b", "tag"),
        ('tag:"a b|" x', 4, 9, "a b", "tag"),
        ('tag:"a \\"b|"', 4, 11, 'a "b', "tag"),
        ("rating>=8|", 8, 9, "8", "rating"),
        ("TAG:>=8|", 6, 7, "8", "tag"),
        ("co|dec:hevc", 0, 6, "co", ""),
        ('"a b|', 0, 4, "a b", ""),
        ("x tag:a y|", 8, 9, "y", ""),
    ],
)
def test_finds_what_the_caret_stands_in(
    text: str, start: int, end: int, typed: str, field: str
) -> None:
    place = find_place(text.replace("|", ""), text.index("|"))

    assert (place.start, place.end, place.text, place.field) == (start, end, typed, field)


def test_offers_fields_by_name_and_by_label() -> None:
    assert offered("dur|")[0] == "duration:"
    assert "duration:" in offered("leng|")  # its label is "Length"


def test_offers_the_operators_of_a_field_that_is_written_out() -> None:
    assert [one for one in offered("rating|") if one.startswith("rating")] == [
        "rating:", "rating=", "rating!=", "rating<", "rating<=", "rating>", "rating>=",
    ]  # fmt: skip
    assert chosen("-codec|", "codec!=") == "-codec!="


def test_offers_the_most_used_labels_first_with_their_counts() -> None:
    drone, dragon = make_tag("Drone"), make_tag("Dragon")
    make_tag("Cat")
    make_video(tags=[drone])
    make_video(tags=[drone, dragon])

    found = completed("tag:dr|")

    assert [(item.text, item.count) for item in found.items] == [("Drone", 2), ("Dragon", 1)]


def test_replaces_one_value_of_a_list_alone() -> None:
    make_tag("Big cat")

    assert chosen("-tag:dog,ca|,cow x", '"Big cat"') == '-tag:dog,"Big cat",cow x'
    assert chosen('tag:"big c|', '"Big cat"') == 'tag:"Big cat"'


def test_finds_labels_by_their_other_names_and_without_accents() -> None:
    make_performer("Zoë", aliases=["Miss Z"])

    assert offered("performer:zo|") == ["Zoë"]
    assert offered("performer:miss|") == ["Zoë"]


def test_tells_performers_of_the_same_name_apart() -> None:
    older = make_performer("Ann", disambiguation="1920")
    make_performer("Ann", disambiguation="1980")
    video = make_video(performers=[older])

    text = chosen("performer:ann|", '"Ann (1920)"')

    assert [v.pk for v in Question.read(text, asker=ASKER).videos()] == [video.pk]


def test_bare_word_offers_labels_that_hold_it() -> None:
    make_tag("Night drive")
    make_performer("Drive, Ann")
    make_studio("Drivers")

    found = offered("driv|")

    assert {'tag:"Night drive"', 'performer:"Drive, Ann"', 'studio:"Drivers"'} <= set(found)


def test_names_that_mean_something_else_are_put_in_quotes() -> None:
    make_tag("none")
    make_tag("a..b")
    make_tag('say "hi"')

    assert '"none"' in offered("tag:non|")
    assert offered("tag:a|")[:1] == ["any"]
    assert '"a..b"' in offered("tag:a|")
    assert offered("tag:say|") == ['"say \\"hi\\""']


def test_offers_values_of_closed_lists() -> None:
    make_video(video_codec="hevc")
    make_video(video_codec="h264")

    assert offered("codec:h|") == ["h264", "hevc"]
    assert offered("codec:hevc,|") == ["h264", "hevc"]
    assert "codec:hevc" in offered("hev|")
    assert offered("is:fav|") == ["favorite"]
    assert "is:favorite" in offered("fav|")
    assert offered("watched:|") == ["yes", "no"]


def test_offers_libraries_with_their_videos() -> None:
    library = make_library(name="Films at home")
    make_video(library=library)

    found = completed("library:fi|").items

    assert [(item.text, item.count) for item in found] == [('"Films at home"', 1)]


def test_hints_at_units_and_dates() -> None:
    assert offered("duration<10|") == ["10s", "10m", "10h"]
    assert offered("size>=4|")[:2] == ["4MB", "4GB"]
    assert offered("added:7|")[:3] == ["7h", "7d", "7w"]
    assert "2026" in offered("date:20|")
    assert "today" in offered("added:t|")
    assert "none" in offered("rating:|")
    assert "none" not in offered("rating>=|")


def test_offers_words_of_titles() -> None:
    Word.objects.bulk_create([Word(text="drone"), Word(text="drongo"), Word(text="cat")])

    assert [item.text for item in completed("dro|").items if item.kind == "word"] == [
        "drone", "drongo",
    ]  # fmt: skip


def test_each_item_makes_a_query_that_can_be_read() -> None:
    make_tag("Ünï, (code) OR")
    make_video(video_codec="hevc", tags=[make_tag("x:y")])
    for field in all_fields():
        for example in field.examples:
            parse(example)
        for item in complete(f"{field.name}:", len(field.name) + 1, asker=ASKER).items:
            assert parse(f"{field.name}:{item.text}") is not None


def test_costs_the_same_however_many_labels(django_assert_max_num_queries) -> None:  # type: ignore[no-untyped-def]
    for number in range(30):
        make_tag(f"Drone {number}")
        make_performer(f"Drone {number}")
    with django_assert_max_num_queries(8):  # with the values of four columns in use
        offered("dro|")
    with django_assert_max_num_queries(3):
        offered("dro|")


@given(text=st.text(alphabet='ab :=<>!,"()-\\ÖOR.*%_\n', max_size=30), at=st.integers(0, 40))
def test_half_a_query_is_never_an_error(text: str, at: int) -> None:
    place = find_place(text, at)

    assert 0 <= place.start <= place.end <= len(text)
    assert place.start <= min(at, len(text)) <= place.end


@given(text=st.text(alphabet='ab:=<,"()- ', max_size=20))
def test_place_agrees_with_the_grammar(text: str) -> None:
    try:
        node = parse(text)
    except QueryError:
        return
    from apps.query import Term
    from apps.query.tree import leaves

    for leaf in leaves(node):
        for value in leaf.values if isinstance(leaf, Term) else ():
            place = find_place(text, value.at)
            if value.at < place.end:
                assert place.field == leaf.field  # type: ignore[union-attr]
