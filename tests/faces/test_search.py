"""What the query language knows of faces."""

import pytest

from apps.faces.choices import Verdict
from apps.faces.models import Finding
from apps.library.models import Video
from apps.library.search import Asker, QueryError, Question, all_fields
from tests.faces.factories import make_identity, make_track
from tests.factories import NOON, make_performer, make_video

pytestmark = pytest.mark.django_db

ASKER = Asker(None, NOON)


def _found(query: str) -> set[str]:
    videos = Question.read(query, asker=ASKER).videos()
    return set(videos.values_list("title", flat=True))


@pytest.fixture
def videos() -> list[Video]:
    anna = make_identity(make_performer("Anna Fox"))
    unknown, nobody = make_identity(), make_identity(ignored=True)
    known, strange, crowd = make_video("Known"), make_video("Strange"), make_video("Crowd")
    make_track(known, identity=anna)
    make_track(strange, identity=unknown)
    make_track(crowd, identity=nobody)
    make_track(crowd, verdict=Verdict.NOT_A_FACE)
    sure = make_video("Sure")
    make_track(sure, identity=anna, verdict=Verdict.CONFIRMED)
    empty = make_video("Empty")
    Finding.objects.create(video=empty, content="x", way="y", found_at=NOON)
    return [known, strange, crowd, sure, empty]


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ('face:"anna fox"', {"Known", "Sure"}),
        ("face:anna*", {"Known", "Sure"}),
        ("face:any", {"Known", "Strange", "Crowd", "Sure"}),
        ("face:none", {"Empty"}),
        ("face:unknown", {"Strange"}),
        ("face:waiting", {"Known"}),
        ("face:looked", {"Empty"}),
        ("face:unknown,waiting", {"Strange", "Known"}),
        ('face:"unknown"', {"Strange"}),  # nobody is called so
        ('face!="anna fox"', {"Strange", "Crowd", "Empty"}),
    ],
)
def test_finds(videos: list[Video], query: str, titles: set[str]) -> None:
    assert _found(query) == titles


def test_names_who_is_written_alike(videos: list[Video]) -> None:
    with pytest.raises(QueryError) as refused:
        _found('face:"ana fox"')

    assert "Anna Fox" in refused.value.expected


def test_offers_words_and_performers(videos: list[Video]) -> None:
    field = next(one for one in all_fields() if one.name == "face")

    assert [one.value for one in field.offers("unk", ASKER, limit=5)] == ["unknown"]
    assert "Anna Fox" in [one.value for one in field.offers("anna", ASKER, limit=5)]
