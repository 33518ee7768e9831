"""What is known of videos here that candidates are compared with."""

from typing import Any

import pytest

from apps.artifacts.choices import Grade
from apps.artifacts.models import Fingerprint
from apps.library.models import File, Video
from apps.stashbox.matching import LocalPrint
from apps.stashbox.services.facts import digest_of, facts_of
from tests.factories import make_file, make_video

pytestmark = pytest.mark.django_db


def hashed(file: File, phash: int, grade: Grade = Grade.STANDARD) -> None:
    signed = phash - 2**64 if phash >= 2**63 else phash
    Fingerprint.objects.create(content=file.content, phash=signed, grade=grade)


def file_of(video: Video) -> File:
    assert video.primary_file
    return video.primary_file


def test_fingerprints_of_all_files_count() -> None:
    video = make_video("A film", file=make_file(b"x/one.mp4", oshash="1" * 16))
    copy = make_file(b"y/two.mp4", oshash="2" * 16, video=video, duration_ms=59_000)
    hashed(file_of(video), 0xF00D)
    hashed(copy, 0xFFFF_0000_0000_0001)

    [facts] = facts_of([video.pk]).values()

    assert facts.prints == (
        LocalPrint("OSHASH", "1" * 16, 60_000),
        LocalPrint("PHASH", "000000000000f00d", 60_000),
        LocalPrint("OSHASH", "2" * 16, 59_000),
        LocalPrint("PHASH", "ffff000000000001", 59_000),
    )
    assert facts.duration_ms == 60_000
    assert facts.text == "A film\nx/one.mp4\ny/two.mp4"


@pytest.mark.parametrize(("phash", "grade"), [(0, Grade.STANDARD), (1, Grade.FLAT), (1, Grade.OWN)])
def test_pictures_that_tell_nobody_anything_are_left_out(phash: int, grade: Grade) -> None:
    video = make_video(file=make_file(oshash=""))
    hashed(file_of(video), phash, grade)

    assert facts_of([video.pk])[video.pk].prints == ()


def test_a_digest_changes_with_fingerprints_alone() -> None:
    video = make_video("A film")
    before = digest_of(facts_of([video.pk])[video.pk])

    Video.objects.filter(pk=video.pk).update(title="Another title")
    assert digest_of(facts_of([video.pk])[video.pk]) == before
    hashed(file_of(video), 7)
    assert digest_of(facts_of([video.pk])[video.pk]) != before


def test_many_cost_what_few_cost(django_assert_num_queries: Any) -> None:
    videos = [make_video() for _ in range(5)]
    for video in videos:
        hashed(file_of(video), video.pk)

    with django_assert_num_queries(3):
        assert len(facts_of([video.pk for video in videos])) == 5
    with django_assert_num_queries(3):
        assert facts_of([videos[0].pk, 2**40]).keys() == {videos[0].pk}
