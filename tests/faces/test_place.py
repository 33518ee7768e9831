"""New faces come to whom they are nearest to, and to nobody whom they can't be."""

from typing import Any

import numpy as np
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.faces.choices import Band, Engine, Verdict
from apps.faces.grouping import placing
from apps.faces.models import Identity, IdentityVector, Rejection, Track
from apps.faces.services import vectors
from apps.faces.services.identities import recount
from apps.faces.services.place import place
from apps.library.models import Performer, PerformerImage
from tests.faces.factories import alike, make_identity, make_track, person
from tests.factories import make_performer, make_video

pytestmark = pytest.mark.django_db

ANNA, BERT = person(1), person(2)


def identity_of(track: Track) -> int | None:
    track.refresh_from_db()
    return track.identity_id


def test_joins_whoever_is_nearest() -> None:
    anna = make_identity(middle=ANNA)
    make_identity(middle=alike(ANNA, 0.6, 7))
    track = make_track(vector=alike(ANNA, 0.7))

    placed = place([track.pk])

    assert (placed.joined, placed.started, placed.waiting) == (1, 0, 0)
    assert identity_of(track) == anna.pk
    assert track.similarity == pytest.approx(0.7, abs=0.01)
    anna.refresh_from_db()
    assert (anna.track_count, anna.video_count, anna.best_id) == (1, 1, track.pk)


def test_begins_somebody_new_of_whom_the_next_is_one_as_well() -> None:
    make_identity(middle=BERT)
    first, second = make_track(vector=ANNA), make_track(vector=alike(ANNA, 0.8), norm=11)

    placed = place([first.pk, second.pk])

    assert (placed.joined, placed.started) == (1, 1)
    assert identity_of(first) == identity_of(second)


def test_what_is_unclear_joins_but_begins_nobody() -> None:
    anna = make_identity(middle=ANNA)
    near, far = make_track(vector=alike(ANNA, 0.8), norm=9.5), make_track(vector=BERT, norm=9.5)
    blurred = make_track(vector=ANNA, norm=8)

    placed = place([near.pk, far.pk, blurred.pk])

    assert (placed.joined, placed.started, placed.waiting) == (1, 0, 2)
    assert [identity_of(each) for each in (near, far, blurred)] == [anna.pk, None, None]


def test_two_faces_of_a_moment_are_two_people() -> None:
    anna = make_identity(middle=ANNA)
    video = make_video()
    there = make_track(video, vector=ANNA, identity=anna, times_ms=[0, 1_000])
    same_moment = make_track(video, vector=alike(ANNA, 0.9), times_ms=[1_000, 2_000])
    later = make_track(video, vector=alike(ANNA, 0.9, 5), times_ms=[3_000])

    place([same_moment.pk, later.pk])

    assert identity_of(there) == identity_of(later) == anna.pk
    assert identity_of(same_moment) not in (None, anna.pk)


def test_two_new_faces_of_a_moment_are_two_people() -> None:
    video = make_video()
    one, other = (make_track(video, vector=ANNA, norm=norm) for norm in (12.0, 11.0))

    place([one.pk, other.pk])

    assert identity_of(one) != identity_of(other)


def test_never_comes_where_it_was_rejected() -> None:
    anna, next_best = make_identity(middle=ANNA), make_identity(middle=alike(ANNA, 0.9, 3))
    track = make_track(vector=ANNA)
    Rejection.objects.create(track=track, identity=anna)

    place([track.pk])

    assert identity_of(track) == next_best.pk


@pytest.mark.parametrize("verdict", [Verdict.IGNORED, Verdict.NOT_A_FACE])
def test_leaves_alone_what_a_person_spoke_of(verdict: Verdict) -> None:
    make_identity(middle=ANNA)
    track = make_track(vector=ANNA, verdict=verdict)

    assert place([track.pk]).joined == 0
    assert identity_of(track) is None


def test_leaves_alone_what_has_a_place() -> None:
    make_identity(middle=ANNA)
    bert = make_identity(middle=BERT)
    track = make_track(vector=ANNA, identity=bert)

    place([track.pk])

    assert identity_of(track) == bert.pk


def test_a_picture_is_its_performers() -> None:
    performer = Performer.objects.create(name="Anna")
    image = PerformerImage.objects.create(performer=performer, image="a.webp")
    picture, face = make_track(image=image, vector=ANNA), make_track(vector=alike(ANNA, 0.7))

    place([picture.pk])
    place([face.pk])

    assert identity_of(picture) == identity_of(face) == performer.identity.pk


def test_who_was_merged_away_or_is_not_to_be_found_again_gets_nothing() -> None:
    anna = make_identity(middle=BERT)
    make_identity(middle=ANNA, merged_into=anna)
    make_identity(middle=alike(ANNA, 0.9), opted_out=True, ignored=True)
    track = make_track(vector=ANNA)

    assert place([track.pk]).started == 1


def test_the_ignored_take_their_own() -> None:
    nobody = make_identity(middle=ANNA, ignored=True)
    track = make_track(vector=alike(ANNA, 0.8))

    place([track.pk])

    assert identity_of(track) == nobody.pk


def test_the_middle_moves_as_if_it_was_made_anew() -> None:
    tracks = [make_track(vector=alike(ANNA, 0.8, number)) for number in range(5)]
    place([track.pk for track in tracks])
    identity = Identity.objects.get()
    before = IdentityVector.objects.get()
    vectors.write_middles([identity.pk])
    after = IdentityVector.objects.get()

    middles = [np.frombuffer(bytes(each.vector), "<f4") for each in (before, after)]
    assert middles[0] @ middles[1] == pytest.approx(1, abs=1e-5)
    assert before.length == pytest.approx(after.length, abs=1e-3)
    assert (before.tracks, after.tracks) == (5, 5)
    identity.refresh_from_db()
    assert identity.tightness == pytest.approx(after.length)


def test_who_has_lost_all_faces_has_no_middle() -> None:
    anna = make_identity(middle=ANNA)

    vectors.write_middles([anna.pk])

    assert not IdentityVector.objects.exists()


def test_a_face_without_a_vector_of_the_engine_waits() -> None:
    make_identity(middle=ANNA)
    track = make_track(vector=ANNA, engine=Engine.YUNET_DLIB)

    assert place([track.pk]).waiting == 1


def test_many_cost_the_statements_of_few() -> None:
    def statements(count: int) -> int:
        ids = [make_track(vector=person(1_000 + n + 100 * count)).pk for n in range(count)]
        with CaptureQueriesContext(connection) as asked:
            place(ids)
        return len(asked)

    statements(1)  # the settings are made
    assert statements(2) == statements(12)


def test_a_face_costs_one_statement_to_read_and_one_to_write() -> None:
    ada = make_performer()
    known = make_identity(ada, middle=BERT)
    make_track(vector=BERT, identity=known, verdict=Verdict.CONFIRMED)
    make_identity(middle=ANNA)
    first, near, new, hers = (
        make_track(vector=vector).pk
        for vector in (ANNA, alike(ANNA, 0.8), person(9), alike(BERT, 0.8))
    )
    place([first])  # then the statements are ready, and who is known is held

    for track, band in ((near, Band.UNKNOWN), (new, Band.UNKNOWN), (hers, Band.APPLIED)):
        with CaptureQueriesContext(connection) as asked:
            place([track])
        assert len(asked) == 2
        row = Track.objects.get(pk=track)
        assert (row.band, row.identity_id is None) == (band, False)
    assert row.candidates[0]["performer_id"] == ada.pk


def test_counts_what_came_as_if_all_was_counted() -> None:
    anna, chosen = make_identity(middle=ANNA), make_identity(middle=BERT, settled=True)
    video = make_video()
    faces = [
        make_track(each, vector=alike(middle, 0.8, number), norm=norm, times_ms=[number * 1_000])
        for number, (each, middle, norm) in enumerate(
            [(video, ANNA, 12.0), (video, ANNA, 14.0), (None, ANNA, 11.0), (video, BERT, 11.0)]
        )
    ]
    place([faces[0].pk])
    place([face.pk for face in faces[1:]])
    place([make_track(vector=alike(BERT, 0.9), norm=14.0).pk])

    told = {row.pk: row for row in Identity.objects.all()}
    assert (told[anna.pk].best_id, told[chosen.pk].best_id) == (faces[1].pk, faces[3].pk)
    recount([anna.pk, chosen.pk])
    fields = ("track_count", "video_count", "confirmed_count", "best_id")
    for row in Identity.objects.all():
        assert [getattr(row, each) for each in fields] == [
            getattr(told[row.pk], each) for each in fields
        ]


@pytest.mark.django_db(transaction=True)
def test_a_face_that_goes_with_its_video_meanwhile_is_in_nobodys_middle(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    vectors.forget()
    anna = make_identity(middle=ANNA)
    stays, goes = make_track(vector=alike(ANNA, 0.8)), make_track(vector=alike(ANNA, 0.8, 2))
    decide = placing.decide

    def while_it_goes(*given: Any) -> Any:
        Track.objects.filter(pk=goes.pk).delete()
        return decide(*given)

    monkeypatch.setattr(placing, "decide", while_it_goes)

    assert place([stays.pk, goes.pk]).joined == 1
    middle = IdentityVector.objects.get(identity=anna)
    assert middle.tracks == 1
    assert np.frombuffer(bytes(middle.vector), "<f4") @ alike(ANNA, 0.8) > 0.999
    vectors.forget()


@pytest.mark.django_db(transaction=True)
def test_what_another_process_wrote_is_seen_and_what_is_gone_is_not() -> None:
    first = make_track(vector=ANNA)
    place([first.pk])
    held = vectors.matrix(Engine.YUNET_SFACE, width=128)
    assert len(held.identities) >= 1
    later = make_identity(middle=BERT)  # by others: it was not told
    track = make_track(vector=BERT)
    place([track.pk])
    assert identity_of(track) == later.pk

    Identity.objects.all().delete()
    again = make_track(vector=BERT)
    assert place([again.pk]).started == 1
    vectors.forget()


@pytest.mark.django_db(transaction=True)
def test_many_who_were_merged_by_others_are_in_nobodys_way() -> None:
    vectors.forget()
    stands = make_identity(middle=alike(ANNA, 0.8))
    gone = [make_identity(middle=alike(ANNA, 0.95, number)) for number in range(2, 9)]
    vectors.matrix(Engine.YUNET_SFACE, width=128)
    Identity.objects.filter(pk__in=[each.pk for each in gone]).update(merged_into=stands)
    IdentityVector.objects.exclude(identity=stands).delete()  # by others: it is not told
    track = make_track(vector=ANNA)

    place([track.pk])

    assert identity_of(track) == stands.pk
    vectors.forget()
