"""Wiping: pictures and vectors are gone, and whoever is not to be found again isn't."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import transaction

from apps.core.models import AuditEntry
from apps.faces.choices import ProposalKind, Verdict
from apps.faces.models import (
    FaceChange,
    FaceLibrary,
    Finding,
    Identity,
    IdentityVector,
    Proposal,
    Rejection,
    Shot,
    Track,
    TrackVector,
)
from apps.faces.services.applying import apply_names
from apps.faces.services.keep import keep
from apps.faces.services.naming import judge
from apps.faces.services.removed import follow_removals
from apps.faces.services.wipe import wipe, wipe_all
from apps.faces.tasks import finding as tasks
from apps.jobs.worker import work_off
from tests.faces.factories import alike, make_identity, make_track, person, switch_on
from tests.faces.found import found, found_track
from tests.factories import make_library, make_performer, make_video

pytestmark = pytest.mark.django_db


class Stop(Exception):
    """A worker that was killed."""


def somebody(number: int = 1, tracks: int = 3, **values) -> Identity:
    identity = make_identity(middle=person(number), **values)
    for _ in range(tracks):
        make_track(vector=alike(person(number), 0.8), identity=identity)
    return identity


def test_a_person_goes_with_all_that_is_known_of_them() -> None:
    performer = make_performer()
    wiped, other = somebody(1, performer=performer), somebody(2)
    merged = make_identity(merged_into=wiped)
    suggested = make_track(
        identity=other, candidates=[{"performer_id": performer.pk}, {"performer_id": 0}]
    )
    Rejection.objects.create(track=suggested, identity=wiped)
    Proposal.objects.create(
        kind=ProposalKind.MERGE, identity=other, other=wiped, similarity=0.6, digest="d"
    )

    assert wipe(wiped) == {"faces": 3}

    assert set(Identity.objects.values_list("pk", flat=True)) == {other.pk}
    assert not Identity.objects.filter(pk=merged.pk).exists()
    assert Track.objects.count() == Shot.objects.count() == TrackVector.objects.count() == 4
    assert not IdentityVector.objects.filter(identity=wiped.pk).exists()
    assert not Proposal.objects.exists()
    assert not Rejection.objects.exists()
    suggested.refresh_from_db()
    assert suggested.candidates == [{"performer_id": 0}]


def test_a_person_may_be_kept_from_being_found_again() -> None:
    video = make_video()
    wiped = somebody(1)

    wipe(wiped, never_again=True)

    wiped.refresh_from_db()
    assert (wiped.opted_out, wiped.ignored, wiped.track_count) == (True, True, 0)
    assert not Track.objects.exists()
    assert IdentityVector.objects.filter(identity=wiped).exists()
    assert keep(video, found(found_track(alike(person(1), 0.7))), way="w") == []


def test_what_is_written_down_has_nothing_of_the_face() -> None:
    wipe(somebody(1))

    entry = AuditEntry.objects.get(object_type="faces.identity", action="deleted")
    kept = json.dumps(entry.changes)
    assert "vector" not in kept
    assert "portrait" not in kept
    assert len(kept) < 2_000


def test_a_library_goes_and_the_others_stay() -> None:
    here, there = make_library(), make_library()
    switch_on(here)
    switch_on(there)
    in_both, only_here = make_identity(middle=person(1)), make_identity(middle=person(2))
    for library, identity in ((here, in_both), (there, in_both), (here, only_here)):
        video = make_video(library=library)
        track = make_track(video, vector=person(1), identity=identity)
        keep(video, found(found_track(1, track.times_ms)), way="w")
        Track.objects.filter(video=video).update(identity=identity, verdict=Verdict.CONFIRMED)
    follow_removals()

    assert wipe_all(here)["faces"] == 2

    left = Track.objects.get()
    assert left.video
    assert left.video.library_id == there.pk
    assert set(Finding.objects.values_list("video__library", flat=True)) == {there.pk}
    in_both.refresh_from_db()
    assert in_both.track_count == 1
    assert not Identity.objects.filter(pk=only_here.pk).exists()
    assert not FaceLibrary.objects.get(library=here).enabled
    assert FaceLibrary.objects.get(library=there).enabled
    off, wiped = AuditEntry.objects.filter(object_type="faces.facelibrary").order_by("pk")
    assert off.changes["enabled"] == [True, False]
    assert wiped.changes["faces"] == [2, 0]


def test_all_of_it_goes() -> None:
    somebody(1)
    somebody(2, opted_out=True, ignored=True, tracks=0)
    FaceChange.objects.create(kind="merge")

    assert wipe_all() == {"faces": 3, "identities": 2}

    for model in (Track, Shot, TrackVector, Identity, IdentityVector, FaceChange):
        assert not model.objects.exists()
    assert wipe_all()["faces"] == 0


def test_stopped_it_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.faces.services.wipe._BATCH", 2)
    identity = somebody(1, tracks=5)

    def stop(done: int, _total: int | None = None, /, **_facts: object) -> None:
        if done >= 2:
            raise Stop

    with pytest.raises(Stop):
        wipe(identity, report=stop)
    assert Track.objects.count() == 3
    assert wipe(identity) == {"faces": 3}
    assert not Identity.objects.exists()


def test_of_a_library_nothing_is_left_behind_by_stopping(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.faces.services.wipe._BATCH", 2)
    library = make_library()
    for number in range(1, 4):
        identity = make_identity(middle=person(number), track_count=1)
        make_track(make_video(library=library), identity=identity)

    def stop(done: int, _total: int | None = None, /, **_facts: object) -> None:
        if done >= 2:
            raise Stop

    with pytest.raises(Stop):
        wipe_all(library, report=stop)
    assert wipe_all(library) == {"faces": 1, "identities": 3}

    assert not Identity.objects.exists()
    assert not IdentityVector.objects.exists()


def test_who_was_put_on_a_video_for_a_face_is_taken_off() -> None:
    video, performer = make_video(), make_performer()
    switch_on(video.library)
    identity = make_identity(performer, middle=person(1), track_count=1)
    make_track(video, vector=person(1), identity=identity, verdict=Verdict.CONFIRMED)
    apply_names([video.pk])
    assert list(video.performers.all()) == [performer]

    wipe(identity)

    assert not video.performers.exists()


def test_stopped_before_the_end_it_still_takes_them_off_videos() -> None:
    video, performer = make_video(), make_performer()
    switch_on(video.library)
    identity = make_identity(performer, middle=person(1), track_count=1)
    make_track(video, vector=person(1), identity=identity, verdict=Verdict.CONFIRMED)
    apply_names([video.pk])

    @contextmanager
    def guard() -> Iterator[None]:
        with transaction.atomic():
            yield
        if not Identity.objects.exists():
            raise Stop

    with pytest.raises(Stop):
        wipe(identity, guard=guard)

    assert not video.performers.exists()


def test_who_is_not_to_be_found_again_is_nobodys_candidate() -> None:
    performer = make_performer()
    wiped = somebody(1, performer=performer)
    wipe(wiped, never_again=True)
    track = make_track(vector=alike(person(1), 0.38))

    judge([track.pk])

    track.refresh_from_db()
    assert track.candidates == []


def test_faces_that_come_meanwhile_go_as_well() -> None:
    identity = somebody(1, tracks=1)

    @contextmanager
    def guard() -> Iterator[None]:
        if not Track.objects.exists():
            make_track(identity=identity, verdict=Verdict.CONFIRMED)
        with transaction.atomic():
            yield

    wipe(identity, guard=guard)

    assert not Track.objects.filter(verdict=Verdict.CONFIRMED).exists()
    assert not Identity.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_jobs_wipe_too() -> None:
    one, library = somebody(1), make_library()
    make_track(make_video(library=library))
    tasks.request_wipe_person(one)
    tasks.request_wipe(library)

    work_off("cpu")

    assert not Track.objects.exists()
    assert not Identity.objects.filter(pk=one.pk).exists()
