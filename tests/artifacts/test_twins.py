"""How like a video the most similar other one looks, after whatever happened."""

import random
from typing import Any

import numpy as np
import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from apps.artifacts import tasks
from apps.artifacts.choices import Grade
from apps.artifacts.likeness import MOST_BITS, NONE_NEAR, Neighbours
from apps.artifacts.models import ComparedHash, Fingerprint
from apps.artifacts.services import twins
from apps.artifacts.tasks import request_twins
from apps.jobs.models import Job
from apps.jobs.worker import work_off
from apps.library.models import File, Video
from tests.factories import make_file, make_video

_hashes = st.integers(0, 2**64 - 1)


@st.composite
def families(draw: st.DrawFn) -> list[int]:
    """Hashes of which many lie about as close together as counts."""
    found = draw(st.lists(_hashes, min_size=1, max_size=6))
    for _ in range(draw(st.integers(0, 30))):
        hash_ = draw(st.sampled_from(found))
        for bit in draw(st.lists(st.integers(0, 63), max_size=10, unique=True)):
            hash_ ^= 1 << bit
        found.append(hash_)
    return sorted(set(found))


@given(families())
def test_finds_the_nearest_hash(hashes: list[int]) -> None:
    values = np.array(hashes, dtype=np.uint64)
    around = Neighbours(values)

    found = around.nearest(values).tolist()
    near = around.near(values[:2]).tolist()

    bits = [[(one ^ other).bit_count() for other in hashes] for one in hashes]
    least = [min([row[j] for j in range(len(hashes)) if j != i], default=64)
             for i, row in enumerate(bits)]  # fmt: skip
    assert found == [one if one <= MOST_BITS else NONE_NEAR for one in least]
    assert near == [i for i, row in enumerate(bits) if min(row[:2]) <= MOST_BITS]


def test_a_quarter_that_all_share_is_looked_at_in_portions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.artifacts.likeness._AT_ONCE", 300)
    values = np.arange(400, dtype=np.uint64) << np.uint64(40)

    assert set(Neighbours(values).nearest(values).tolist()) == {1}


def hashed(phash: int, grade: Grade = Grade.STANDARD) -> Video:
    video = make_video()
    remember(video, phash, grade)
    return video


def remember(video: Video, phash: int, grade: Grade = Grade.STANDARD) -> None:
    assert video.primary_file
    signed = phash - 2**64 if phash >= 2**63 else phash
    Fingerprint.objects.update_or_create(
        content=video.primary_file.content, defaults={"phash": signed, "grade": grade}
    )


def said() -> dict[int, int | None]:
    return dict(Video.objects.values_list("pk", "twin_distance"))


def naive() -> dict[int, int | None]:
    prints = dict(Fingerprint.objects.exclude(grade=Grade.FLAT).values_list("content", "phash"))
    hashes = {
        pk: prints[content] % 2**64
        for pk, content in Video.objects.values_list("pk", "primary_file__content")
        if content in prints
    }
    found: dict[int, int | None] = dict.fromkeys(Video.objects.values_list("pk", flat=True))
    for pk, own in hashes.items():
        bits = [(own ^ other).bit_count() for o, other in hashes.items() if o != pk]
        least = min(bits, default=64)
        found[pk] = least if least <= MOST_BITS else None
    return found


@pytest.mark.django_db
def test_says_how_many_bits_there_are_between_twins() -> None:
    one, two, far = hashed(0xFF00), hashed(0xFF07), hashed(0xABCDEF << 32)
    black, other_black = hashed(0, Grade.FLAT), hashed(0, Grade.FLAT)
    without = make_video()

    assert twins.find_twins() == {"compared": 3}

    assert said() == {
        one.pk: 3, two.pk: 3, far.pk: None, black.pk: None, other_black.pk: None, without.pk: None
    }  # fmt: skip
    assert twins.find_twins() == {"compared": 0}
    assert not twins.is_behind()


@pytest.mark.django_db
def test_takes_it_back_when_the_twin_has_gone_or_changed() -> None:
    one, two, three = hashed(0), hashed(1), hashed(0b11111)
    twins.find_twins()
    assert said() == {one.pk: 1, two.pk: 1, three.pk: 4}

    two.delete()
    assert twins.is_behind()
    twins.find_twins()
    assert said() == {one.pk: 5, three.pk: 5}

    remember(three, 2**64 - 1)
    twins.find_twins()
    assert said() == {one.pk: None, three.pk: None}

    remember(three, 0)
    twins.find_twins()
    assert said() == {one.pk: 0, three.pk: 0}

    remember(one, 0, Grade.FLAT)
    twins.find_twins()
    assert said() == {one.pk: None, three.pk: None}


@pytest.mark.django_db
@pytest.mark.parametrize("seed", range(4))
def test_says_what_comparing_all_with_all_would(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    chance = random.Random(seed)
    monkeypatch.setattr(twins, "_BATCH", chance.choice([1, 3, 100]))
    bases = [chance.getrandbits(64) for _ in range(3)]

    def hash_() -> int:
        value = chance.choice(bases)
        for bit in chance.sample(range(64), chance.randrange(7)):
            value ^= 1 << bit
        return value

    videos = [hashed(hash_()) for _ in range(12)]
    for _ in range(8):
        for _ in range(chance.randrange(1, 5)):
            _change(chance, videos, hash_)
        if chance.random() < 0.3:
            _end_early(monkeypatch, chance.randrange(3))
        twins.find_twins()
        assert said() == naive()
        assert ComparedHash.objects.count() == sum(
            Fingerprint.objects.filter(content=v.primary_file.content)
            .exclude(grade=Grade.FLAT)
            .exists()
            for v in Video.objects.select_related("primary_file")
            if v.primary_file
        )


def _change(chance: random.Random, videos: list[Video], hash_: Any) -> None:
    match chance.randrange(5):
        case 0:
            videos.append(hashed(hash_()))
        case 1 if len(videos) > 2:
            videos.pop(chance.randrange(len(videos))).delete()
        case 2:
            remember(chance.choice(videos), hash_(), chance.choice([Grade.FLAT, Grade.OWN]))
        case 3:  # another file
            video = chance.choice(videos)
            video.primary_file = make_file()
            video.save()
            if chance.random() < 0.7:
                remember(video, hash_())
        case _:
            remember(chance.choice(videos), hash_())


class _Killed(Exception):
    pass


def _end_early(monkeypatch: pytest.MonkeyPatch, after: int) -> None:
    def report(done: int, _total: int | None = None) -> None:
        if done >= after:
            raise _Killed

    try:
        twins.find_twins(report=report)
    except _Killed:
        return


@pytest.mark.django_db
def test_a_removed_file_takes_its_hash_with_it() -> None:
    one, two = hashed(5), hashed(5)
    twins.find_twins()
    Video.objects.filter(pk=two.pk).update(primary_file=None)
    File.objects.filter(video=two).delete()

    twins.find_twins()

    assert said() == {one.pk: None, two.pk: None}


@pytest.mark.django_db(transaction=True)
def test_is_asked_for_when_something_is_new(monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[bool] = []
    is_behind = twins.is_behind

    def look() -> bool:
        looked.append(is_behind())
        return looked[-1]

    monkeypatch.setattr(twins, "is_behind", look)
    monkeypatch.setattr(tasks, "_writes_then", [])
    count_writes()
    request_twins.call()
    request_twins.call()
    assert not Job.objects.filter(kind="artifacts.twins").exists()
    assert looked == [False]  # nothing was written since

    one, two = hashed(1), hashed(2)
    count_writes()
    request_twins.call()
    request_twins.call()
    work_off("cpu")

    job = Job.objects.get(kind="artifacts.twins")
    assert (job.state, job.summary) == ("succeeded", {"compared": 2})
    assert said() == {one.pk: 2, two.pk: 2}


def count_writes() -> None:
    """Have PostgreSQL count what was written, which it else does a second later or so."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_force_next_flush()")
