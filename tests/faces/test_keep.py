"""Keeping what was found: nothing that a person has said is ever lost by another search."""

import random

import pytest

from apps.faces.choices import Engine, Verdict
from apps.faces.models import Finding, Identity, Rejection, Shot, Track, TrackVector
from apps.faces.services.keep import keep, note_failure
from apps.library.models import Video
from tests.faces.factories import alike, make_identity, person
from tests.faces.found import found, found_track
from tests.factories import make_file, make_video

pytestmark = pytest.mark.django_db
WAY = "f" * 32
ELSEWHERE = (0.7, 0.5, 0.1, 0.2)


def tracks(video: Video) -> list[Track]:
    return list(Track.objects.filter(video=video).order_by("start_ms", "pk"))


def speak(track: Track, verdict: str, identity: Identity | None = None) -> None:
    Track.objects.filter(pk=track.pk).update(verdict=verdict, identity=identity)


def test_keeps_tracks_with_their_shots_and_vectors() -> None:
    video = make_video()

    ids = keep(video, found(found_track(1), found_track(2, (3_000,))), way=WAY)

    one, two = tracks(video)
    assert ids == [one.pk, two.pk]
    assert (one.times_ms, one.start_ms, one.end_ms, one.faces) == ([0, 1000, 2000], 0, 2000, 3)
    assert one.detector == "yunet-2023mar"
    assert Shot.objects.filter(track=one).count() == 3
    vector = TrackVector.objects.get(track=two)
    assert (vector.engine, len(bytes(vector.vector)), vector.norm) == ("yunet-sface-1", 256, 12)
    finding = Finding.objects.get(video=video)
    assert video.primary_file
    assert (finding.content, finding.way) == (video.primary_file.content, WAY)
    assert (finding.frames, finding.faces, finding.tracks) == (20, 4, 2)


def test_the_same_search_again_changes_nothing() -> None:
    video = make_video()
    before = keep(video, found(found_track(1), found_track(2, (0,), box=ELSEWHERE)), way=WAY)
    placed = list(Track.objects.order_by("pk").values_list("pk", "identity"))

    after = keep(video, found(found_track(1), found_track(2, (0,), box=ELSEWHERE)), way=WAY)

    assert after == before
    assert list(Track.objects.order_by("pk").values_list("pk", "identity")) == placed
    assert Shot.objects.count() == 4
    assert TrackVector.objects.count() == 2


def test_what_is_not_found_again_goes_unless_a_person_spoke() -> None:
    video = make_video()
    keep(video, found(*(found_track(n, (n * 1_000,)) for n in range(1, 6))), way=WAY)
    confirmed, nobody, ignored, rejected, silent = tracks(video)
    speak(confirmed, Verdict.CONFIRMED, make_identity())
    speak(nobody, Verdict.NOT_A_FACE)
    speak(ignored, Verdict.IGNORED)
    Rejection.objects.create(track=rejected, identity=make_identity())

    keep(video, found(), way="other")

    assert {track.pk for track in tracks(video)} == {
        confirmed.pk, nobody.pk, ignored.pk, rejected.pk
    }  # fmt: skip
    assert not Track.objects.filter(pk=silent.pk).exists()


def test_what_stays_is_compared_by_the_new_engine_too() -> None:
    video = make_video()
    (pk,) = keep(video, found(found_track(1)), way=WAY)
    speak(tracks(video)[0], Verdict.CONFIRMED, make_identity())
    engine = Engine.HOG_DLIB

    keep(video, found(engine=engine), way="w", vectors={pk: (person(1), 12.0)})

    assert TrackVector.objects.get(track=pk, engine=engine).norm == 12
    assert TrackVector.objects.filter(track=pk).count() == 2


def test_another_file_is_matched_by_likeness() -> None:
    video = make_video()
    keep(video, found(found_track(1), found_track(2, (0, 5_000), box=ELSEWHERE)), way=WAY)
    one, two = sorted(tracks(video), key=lambda track: len(track.times_ms), reverse=True)
    identity = make_identity()
    speak(one, Verdict.CONFIRMED, identity)
    video.primary_file = make_file(library=video.library)
    video.save()

    keep(video, found(found_track(alike(person(1), 0.8), (90_000,)), found_track(3)), way=WAY)

    one.refresh_from_db()
    assert (one.times_ms, one.identity_id, one.verdict) == ([90_000], identity.pk, "confirmed")
    assert not Track.objects.filter(pk=two.pk).exists()


def test_two_faces_of_a_frame_are_never_one_identity() -> None:
    video = make_video()
    keep(video, found(found_track(1, (0, 1_000)), found_track(1, (4_000,))), way=WAY)
    identity = make_identity(middle=person(1))
    Track.objects.filter(video=video).update(identity=identity)
    together = [
        found_track(1, (0, 1_000, 4_000)),
        found_track(alike(person(1), 0.95), (0, 4_000), box=ELSEWHERE),
    ]

    keep(video, found(*together), way="other")

    held = [set(track.times_ms) for track in tracks(video) if track.identity_id == identity.pk]
    assert len(held) == 1


def test_a_person_who_opted_out_is_not_kept() -> None:
    video = make_video()
    make_identity(middle=person(1), ignored=True, opted_out=True)

    keep(video, found(found_track(alike(person(1), 0.7)), found_track(2, (9_000,))), way=WAY)

    (left,) = tracks(video)
    assert left.times_ms == [9_000]
    assert Finding.objects.get(video=video).tracks == 1


def test_a_failure_keeps_what_is_known() -> None:
    video = make_video()
    keep(video, found(found_track(1)), way=WAY)

    note_failure(video, found(error="timed_out", message="It took too long."), way=WAY)

    finding = Finding.objects.get(video=video)
    assert (finding.error, finding.message, finding.tracks) == ("timed_out", "It took too long.", 1)
    assert len(tracks(video)) == 1


def test_a_video_that_was_removed_meanwhile_is_no_trouble() -> None:
    video = make_video()
    Video.objects.filter(pk=video.pk).delete()

    assert keep(video, found(found_track(1)), way=WAY) == []
    note_failure(video, found(error="crashed"), way=WAY)


@pytest.mark.parametrize("seed", range(6))
def test_no_verdict_is_lost_by_searching_again(seed: int) -> None:
    """Random people and verdicts; then searches in other ways, by other engines."""
    chance = random.Random(seed)
    video = make_video()
    people = range(10, 18)
    keep(video, _search(chance, people, 1.0, Engine.YUNET_SFACE), way=WAY)
    said = {track.pk: _speak(chance, track) for track in tracks(video)}
    said = {pk: word for pk, word in said.items() if word is not None}

    for turn in range(3):
        engine = chance.choice([Engine.YUNET_SFACE, Engine.HOG_DLIB])
        keep(video, _search(chance, people, 0.7, engine), way=f"{turn}")
        _check(video, said)


def _search(chance: random.Random, people: range, share: float, engine: str):
    """Each person that is seen, in their own place, at some of their times."""
    seen = []
    for number in people:
        if chance.random() > share:
            continue
        times = sorted({250 * (number % 3) + 1_000 * chance.randrange(8) for _ in range(5)})
        box = (0.1 * (number - 10), 0.2, 0.09, 0.2)
        seen.append(found_track(alike(person(number), 0.9, chance.randrange(99)), times, box=box))
        if chance.random() < 0.2 and len(times) > 1:  # found as two
            seen[-1:] = [
                found_track(person(number), times[:1], box=box),
                found_track(alike(person(number), 0.8), times[1:], box=box),
            ]
    return found(*seen, engine=engine)


def _speak(chance: random.Random, track: Track) -> tuple[str, int | None] | None:
    word = chance.choice([*Verdict.values, "rejected"])
    if word == Verdict.NONE:
        return None
    if word == "rejected":
        identity = make_identity()
        Rejection.objects.create(track=track, identity=identity)
        return word, identity.pk
    identity = make_identity() if word == Verdict.CONFIRMED else None
    speak(track, word, identity)
    return word, identity.pk if identity else None


def _check(video: Video, said: dict[int, tuple[str, int | None]]) -> None:
    rows = {track.pk: track for track in tracks(video)}
    for pk, (word, identity) in said.items():
        if word == "rejected":
            assert Rejection.objects.filter(track=pk, identity=identity).exists()
            assert rows[pk].identity_id != identity
        else:
            assert (rows[pk].verdict, rows[pk].identity_id) == (word, identity)
    for identity in {track.identity_id for track in rows.values()} - {None}:
        times = [at for track in rows.values() if track.identity_id == identity
                 for at in track.times_ms]  # fmt: skip
        assert len(times) == len(set(times))
