"""What the query language knows of identification."""

import pytest

from apps.library.models import Video
from apps.library.search import Asker, QueryError, Question, all_fields
from apps.stashbox.choices import MatchState
from apps.stashbox.models import Lookup
from tests.factories import NOON, make_video
from tests.stashbox.factories import make_box, make_match

pytestmark = pytest.mark.django_db

ASKER = Asker(None, NOON)


def _found(query: str) -> set[str]:
    videos = Question.read(query, asker=ASKER).videos()
    return set(videos.values_list("title", flat=True))


@pytest.fixture
def videos() -> list[Video]:
    box, other = make_box("StashDB"), make_box("Review")
    taken, asked, open_ = make_video("Taken"), make_video("Asked"), make_video("Open")
    make_match(taken, box=box, state=MatchState.APPLIED)
    make_match(open_, box=box)
    make_match(asked, box=other, state=MatchState.REJECTED)
    Lookup.objects.create(video=asked, box=other, asked="x", asked_at=NOON)
    return [taken, asked, open_, make_video("New")]


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ("stash:matched", {"Taken"}),
        ("stash:review", {"Open"}),
        ("stash:unmatched", {"Asked", "New"}),
        ("stash:asked", {"Asked"}),
        ("stash:stashdb", {"Taken"}),
        ("stash:StashDB,review", {"Taken", "Open"}),
        ("stash!=matched", {"Asked", "Open", "New"}),
        ('stash:"review"', set()),  # quoted, it is the box of that name
    ],
)
def test_finds(videos: list[Video], query: str, titles: set[str]) -> None:
    assert _found(query) == titles


def test_names_what_is_known(videos: list[Video]) -> None:
    with pytest.raises(QueryError) as refused:
        _found("stash:stashdc")

    assert "stashdb" in refused.value.expected
    assert refused.value.suggestion == "stashdb"


def test_offers_boxes(videos: list[Video]) -> None:
    field = next(one for one in all_fields() if one.name == "stash")

    offers = field.offers("stashd", ASKER, limit=5)

    assert [(one.value, one.label, one.is_name) for one in offers] == [("stashdb", "StashDB", True)]
