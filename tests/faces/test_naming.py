"""Who faces may be, by what is known."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.faces.choices import Band, Ground, Verdict
from apps.faces.models import Appearance, FaceSettings, Rejection, Track
from apps.faces.services import naming, verdicts
from apps.faces.services.keep_pictures import keep_picture
from apps.faces.services.place import place
from apps.library.models import Performer, PerformerImage
from tests.faces.factories import alike, make_identity, make_track, person
from tests.faces.found import found, found_track
from tests.factories import make_performer, make_video
from tests.stashbox.factories import make_match, remote_performer, scene

pytestmark = pytest.mark.django_db


def know(number: int, *, faces: int = 1, performer: Performer | None = None) -> Performer:
    """Somebody with confirmed faces: about ``person(number)``."""
    performer = performer or make_performer()
    identity = make_identity(performer)
    for face in range(faces):
        vector = alike(person(number), 0.9, 100 + face) if face else person(number)
        make_track(vector=vector, identity=identity, verdict=Verdict.CONFIRMED)
    return performer


def judged(track: Track) -> Track:
    naming.judge([track.pk])
    track.refresh_from_db()
    return track


class TestBands:
    def test_a_face_just_like_a_known_one_is_sure(self) -> None:
        ada = know(1)
        know(2)

        track = judged(make_track(vector=alike(person(1), 0.8)))

        first = track.candidates[0]
        assert track.band == Band.APPLIED
        assert (first["performer_id"], first["ground"]) == (ada.pk, Ground.LIBRARY)
        assert first["similarity"] == pytest.approx(0.8, abs=0.01)
        assert first["one_in"] > 1_000
        assert first["margin"] > 0.5
        assert first["exemplars"] == [Track.objects.get(identity__performer=ada).pk]

    def test_a_face_a_little_like_one_is_likely(self) -> None:
        know(1)

        assert judged(make_track(vector=alike(person(1), 0.3))).band == Band.SUGGESTED

    def test_a_strangers_is_unknown_but_told_whom_it_is_most_like(self) -> None:
        know(1)

        track = judged(make_track(vector=alike(person(1), 0.2)))

        assert track.band == Band.UNKNOWN
        assert len(track.candidates) == 1

    def test_a_face_like_two_people_isnt_sure(self) -> None:
        know(1)
        know(1, performer=make_performer())

        assert judged(make_track(vector=alike(person(1), 0.9))).band == Band.SUGGESTED

    def test_the_same_likeness_is_worth_less_among_more(self) -> None:
        know(1)
        alone = judged(make_track(vector=alike(person(1), 0.6))).candidates[0]["one_in"]
        for number in range(2, 6):
            know(number)

        among = judged(make_track(vector=alike(person(1), 0.6))).candidates[0]["one_in"]

        assert among == pytest.approx(alone / 5, rel=0.02)

    def test_what_can_hardly_be_told_is_unknown(self) -> None:
        know(1)

        track = judged(make_track(vector=person(1), norm=7.0))

        assert (track.band, track.candidates) == (Band.UNKNOWN, [])

    def test_follow_the_settings(self) -> None:
        know(1)
        track = make_track(vector=alike(person(1), 0.8))
        FaceSettings.objects.create(pk=1, apply_one_in=2_000_000_000)

        assert judged(track).band == Band.SUGGESTED


class TestTheCast:
    def test_needs_less_likeness(self) -> None:
        ada = know(1)
        for number in range(2, 8):
            know(number)
        video = make_video()
        video.performers.add(ada)

        track = judged(make_track(video, vector=alike(person(1), 0.4)))

        assert track.band == Band.APPLIED
        assert track.candidates[0]["ground"] == Ground.CAST

    def test_that_only_faces_have_made_says_nothing(self) -> None:
        ada = know(1)
        video = make_video()
        video.performers.add(ada)
        Appearance.objects.create(video=video, performer=ada, linked=True)

        track = judged(make_track(video, vector=alike(person(1), 0.37)))

        assert track.candidates[0]["ground"] == Ground.LIBRARY

    def test_is_that_of_a_likely_scene_as_well(self) -> None:
        know(1, performer=make_performer("Ada Lovelace"))
        for number in range(2, 8):
            know(number)
        video = make_video()
        make_match(video, of=scene(performers=[remote_performer("Ada Lovelace")]))

        track = judged(make_track(video, vector=alike(person(1), 0.4)))

        assert (track.band, track.candidates[0]["ground"]) == (Band.APPLIED, Ground.CAST)


class TestWhoItCantBe:
    def test_is_who_a_person_said_it_isnt(self) -> None:
        ada = know(1)
        track = make_track(vector=person(1))
        Rejection.objects.create(track=track, identity=ada.identity)

        assert judged(track).candidates == []

    def test_is_who_is_seen_beside_it(self) -> None:
        video, ada = make_video(), know(1)
        make_track(video, identity=ada.identity, verdict=Verdict.CONFIRMED)

        assert judged(make_track(video, vector=person(1))).candidates == []

    def test_is_whom_another_face_of_the_moment_is_more_like(self) -> None:
        know(1)
        video = make_video()
        more, less = (make_track(video, vector=alike(person(1), how)) for how in (0.9, 0.8))

        naming.judge([more.pk, less.pk])

        more.refresh_from_db()
        less.refresh_from_db()
        assert (more.band, less.band) == (Band.APPLIED, Band.SUGGESTED)


def test_leaves_no_guesses_on_what_a_person_has_judged() -> None:
    know(1)
    track = judged(make_track(vector=person(1)))
    verdicts.not_a_face([track.pk])

    track.refresh_from_db()
    assert (track.band, track.candidates) == (Band.UNKNOWN, [])


def test_knows_at_once_whom_a_person_has_named() -> None:
    know(1)
    judged(make_track())  # what is known is held
    one = make_identity(middle=person(5))
    make_track(identity=one, vector=person(5))
    ada = make_performer("Ada")
    verdicts.name(one, ada)

    track = judged(make_track(vector=alike(person(5), 0.8)))

    assert track.candidates[0]["performer_id"] == ada.pk


def test_knows_at_once_whose_picture_was_looked_at() -> None:
    know(1)
    place([make_track(vector=person(9)).pk])  # what is known is held
    ada = make_performer("Ada")
    image = PerformerImage.objects.create(performer=ada, image="ada.webp")
    face = found_track(5, [0])
    keep_picture(image, found(face), face, way="today's")

    track = make_track(vector=alike(person(5), 0.8))
    place([track.pk])

    track.refresh_from_db()
    assert [each["performer_id"] for each in track.candidates] == [ada.pk]


def test_tells_what_candidates_are_called_now_and_nobody_who_was_deleted() -> None:
    ada, ben = know(1), know(2)
    middle = 0.8 * person(1) + 0.6 * person(2)
    track = judged(make_track(vector=middle / (middle @ middle) ** 0.5))
    Performer.objects.filter(pk=ada.pk).update(name="Ada King")

    assert [one["name"] for one in naming.with_names([track.candidates])[0]] == [
        "Ada King", ben.name,
    ]  # fmt: skip
    ada.delete()
    assert [one["name"] for one in naming.with_names([track.candidates])[0]] == [ben.name]
    assert naming.with_names([None, [3, {"performer_id": "x"}]]) == [[], []]


def test_costs_the_same_for_many_faces() -> None:
    know(1, faces=3)
    tracks = [make_track(vector=alike(person(1), 0.8, n)).pk for n in range(1, 13)]
    naming.judge(tracks)

    with CaptureQueriesContext(
        connection,
    ) as few:
        naming.judge(tracks[:2])
    with CaptureQueriesContext(connection) as many:
        naming.judge(tracks)

    assert len(few) == len(many)


class TestAsking:
    def test_tells_whom_an_identity_may_be(self) -> None:
        ada, ben = know(1), know(2)
        middle = 0.8 * person(1) + 0.6 * person(2)
        one = make_identity(middle=middle / (middle @ middle) ** 0.5)

        found = naming.candidates(one)

        assert [each.performer_id for each in found] == [ada.pk, ben.pk]
        assert found[0].margin == pytest.approx(found[0].similarity - found[1].similarity, abs=1e-3)

    def test_leaves_out_from_whom_it_is_kept_apart(self) -> None:
        ada = know(1)
        one = make_identity(middle=person(1))
        verdicts.keep_apart(one, ada.identity)

        assert naming.candidates(one) == []

    def test_tells_whom_a_face_may_be(self) -> None:
        ada = know(1)

        [found] = naming.candidates(make_track(vector=alike(person(1), 0.5)))

        assert found.performer_id == ada.pk
