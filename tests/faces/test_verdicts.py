"""What people say of faces and identities."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.faces.choices import Verdict
from apps.faces.models import Apart, Appearance, FaceChange, Identity, Rejection, Track
from apps.faces.services import identities, verdicts
from apps.faces.services.changes import NothingToChange, NotToBeFound, RejectedBefore, SameMoment
from apps.library.models import Performer
from apps.library.services.merge import merge_performers
from tests.faces.factories import alike, make_identity, make_track, person
from tests.factories import make_performer, make_video

pytestmark = pytest.mark.django_db


def of(track: Track) -> tuple[Identity | None, str]:
    track.refresh_from_db()
    return track.identity, track.verdict


class TestFaces:
    def test_are_confirmed_as_whom_they_are_with(self) -> None:
        one = make_identity()
        tracks = [make_track(identity=one) for _ in range(2)]

        verdicts.confirm([track.pk for track in tracks])

        one.refresh_from_db()
        assert [of(track)[1] for track in tracks] == [Verdict.CONFIRMED] * 2
        assert (one.settled, one.confirmed_count) == (True, 2)

    def test_say_how_alike_they_are_to_whom_they_were_moved_to(self) -> None:
        middle, track = person(1), make_track(vector=alike(person(1), 0.7))
        one = make_identity(middle=middle)
        make_track(identity=one, vector=middle)

        verdicts.assign([track.pk], one)

        track.refresh_from_db()
        assert track.similarity == pytest.approx(0.92, abs=0.01)  # it moved the middle, too

    def test_of_nobody_have_nobody_to_be_confirmed_as(self) -> None:
        with pytest.raises(verdicts.NotPlaced):
            verdicts.confirm([make_track().pk])

    def test_that_are_gone_are_refused(self) -> None:
        with pytest.raises(verdicts.NoFaces):
            verdicts.confirm([make_track(identity=make_identity()).pk, 10**9])

    def test_are_rejected_for_good(self) -> None:
        one = make_identity()
        track = make_track(identity=one, verdict=Verdict.CONFIRMED)

        verdicts.reject([track.pk])

        assert of(track) != (one, Verdict.CONFIRMED)
        assert track.identity != one
        assert Rejection.objects.filter(track=track, identity=one).exists()

    def test_are_rejected_from_whom_they_only_might_be(self) -> None:
        one, other = make_identity(), make_identity()
        track = make_track(identity=other)

        verdicts.reject([track.pk], one)

        assert of(track) == (other, Verdict.NONE)
        assert Rejection.objects.filter(track=track, identity=one).exists()

    @pytest.mark.parametrize(
        ("say", "verdict"),
        [(verdicts.not_a_face, Verdict.NOT_A_FACE), (verdicts.ignore_tracks, Verdict.IGNORED)],
    )
    def test_are_put_away(self, say, verdict) -> None:
        track = make_track(identity=make_identity())

        say([track.pk])

        assert of(track) == (None, verdict)

    def test_are_let_go_again(self) -> None:
        one = make_identity()
        track = make_track(identity=one, verdict=Verdict.CONFIRMED)

        verdicts.clear([track.pk])

        assert of(track) == (one, Verdict.NONE)
        assert track.verdict_at is None

    def test_are_said_to_be_somebody_new(self) -> None:
        track = make_track(identity=make_identity())

        verdicts.assign([track.pk], None)

        identity, verdict = of(track)
        assert verdict == Verdict.CONFIRMED
        assert identity is not None
        assert identity.settled

    def test_come_back_to_whom_they_were_rejected_from_if_a_person_says_so(self) -> None:
        one = make_identity()
        track = make_track(identity=one)
        verdicts.reject([track.pk])

        verdicts.assign([track.pk], one)

        assert of(track) == (one, Verdict.CONFIRMED)
        assert not Rejection.objects.exists()

    def test_make_way_for_who_is_said_to_be_that_one(self) -> None:
        video, one = make_video(), make_identity()
        guessed = make_track(video, identity=one)
        track = make_track(video)

        change = verdicts.assign([track.pk], one)

        assert of(track) == (one, Verdict.CONFIRMED)
        assert of(guessed)[0] != one
        assert change.summary["left"] == 1

    def test_dont_make_way_once_confirmed(self) -> None:
        video, one = make_video(), make_identity()
        make_track(video, identity=one, verdict=Verdict.CONFIRMED)
        track = make_track(video)

        with pytest.raises(SameMoment):
            verdicts.assign([track.pk], one)

    def test_of_one_moment_are_never_said_to_be_one(self) -> None:
        video = make_video()
        tracks = [make_track(video) for _ in range(2)]

        with pytest.raises(SameMoment):
            verdicts.assign([track.pk for track in tracks], None)

        assert not Identity.objects.exists()


class TestIdentities:
    def test_are_merged_with_name_rejections_and_aparts(self) -> None:
        performer = make_performer()
        one, other, stranger = make_identity(performer), make_identity(), make_identity()
        mine, theirs = make_track(identity=one), make_track(identity=other)
        outsider = make_track(identity=stranger)
        Rejection.objects.create(track=outsider, identity=one)
        verdicts.keep_apart(one, stranger)

        verdicts.merge(one, into=other)

        one.refresh_from_db()
        other.refresh_from_db()
        assert (one.merged_into, one.performer, one.track_count) == (other, None, 0)
        assert (other.performer, other.track_count) == (performer, 2)
        assert of(mine)[0] == of(theirs)[0] == other
        assert Rejection.objects.filter(track=outsider, identity=other).exists()
        assert Apart.objects.filter(first=other, second=stranger).exists()

    def test_leave_unconfirmed_faces_of_the_same_moments_behind(self) -> None:
        video, one, other = make_video(), make_identity(), make_identity()
        clashing, free = make_track(video, identity=one), make_track(identity=one)
        make_track(video, identity=other)

        change = verdicts.merge(one, into=other)

        one.refresh_from_db()
        assert of(clashing)[0] == one
        assert of(free)[0] == other
        assert one.merged_into is None
        assert change.summary["left"] == 1

    def test_push_guesses_out_for_what_is_confirmed(self) -> None:
        video, one, other = make_video(), make_identity(), make_identity()
        sure = make_track(video, identity=one, verdict=Verdict.CONFIRMED)
        guess = make_track(video, identity=other)

        verdicts.merge(one, into=other)

        assert of(sure)[0] == other
        assert of(guess)[0] != other

    def test_that_were_confirmed_in_one_moment_arent_merged(self) -> None:
        video, one, other = make_video(), make_identity(), make_identity()
        for identity in (one, other):
            make_track(video, identity=identity, verdict=Verdict.CONFIRMED)

        with pytest.raises(SameMoment):
            verdicts.merge(one, into=other)

    def test_arent_merged_against_what_was_confirmed_and_rejected(self) -> None:
        one, other = make_identity(), make_identity()
        track = make_track(identity=one, verdict=Verdict.CONFIRMED)
        Rejection.objects.create(track=track, identity=other)

        with pytest.raises(RejectedBefore):
            verdicts.merge(one, into=other)

    def test_of_two_names_arent_merged(self) -> None:
        one, other = make_identity(make_performer()), make_identity(make_performer())

        with pytest.raises(verdicts.NameTaken):
            verdicts.merge(one, into=other)

    def test_that_were_merged_are_told_to_be_gone(self) -> None:
        one, other = make_identity(), make_identity()
        make_track(identity=one)
        verdicts.merge(one, into=other)

        with pytest.raises(verdicts.MergedAway):
            verdicts.ignore(one)

    def test_are_split_for_good(self) -> None:
        one = make_identity()
        tracks = [make_track(identity=one) for _ in range(3)]

        change = verdicts.split(one, [tracks[0].pk])

        new = of(tracks[0])[0]
        assert new is not None
        assert new.pk == change.summary["new"] != one.pk
        assert Apart.objects.filter(first=one, second=new).exists()
        assert Rejection.objects.filter(track=tracks[0], identity=one).exists()

    def test_keep_one_face_when_split(self) -> None:
        one = make_identity()
        track = make_track(identity=one)

        with pytest.raises(verdicts.NoFaces):
            verdicts.split(one, [track.pk])

    def test_are_named(self) -> None:
        one, performer = make_identity(ignored=True), make_performer()

        verdicts.name(one, performer)

        one.refresh_from_db()
        assert (one.performer, one.ignored, one.settled) == (performer, False, True)

    def test_become_the_one_whom_the_performer_has(self) -> None:
        performer = make_performer()
        own, one = make_identity(performer), make_identity()
        track = make_track(identity=one)

        verdicts.name(one, performer)

        assert of(track)[0] == own

    def test_are_named_by_a_new_performer(self) -> None:
        one = make_identity()

        verdicts.create_and_name(one, "  Ada   Lovelace ")

        one.refresh_from_db()
        assert one.performer == Performer.objects.get(name="Ada Lovelace")

    def test_arent_named_by_a_second_performer_of_the_name(self) -> None:
        make_performer("Ada Lovelace")

        with pytest.raises(verdicts.NameTaken):
            verdicts.create_and_name(make_identity(), "ada lovelace")

    def test_lose_their_names(self) -> None:
        one = make_identity(make_performer())

        verdicts.unname(one)

        one.refresh_from_db()
        assert one.performer is None
        with pytest.raises(NothingToChange):
            verdicts.unname(one)

    def test_that_have_a_name_arent_ignored(self) -> None:
        with pytest.raises(verdicts.IdentityNamed):
            verdicts.ignore(make_identity(make_performer()))

    def test_have_another_best_face(self) -> None:
        one = make_identity()
        tracks = [make_track(identity=one, quality=quality) for quality in (90.0, 50.0)]
        identities.make_best(one, tracks[1])

        identities.recount([one.pk])

        one.refresh_from_db()
        assert one.best == tracks[1]
        with pytest.raises(identities.NotItsFace):
            identities.make_best(one, make_track())


class TestThoseWhoAreNotToBeFound:
    def test_get_no_faces_and_no_name(self) -> None:
        wiped = make_identity(opted_out=True, ignored=True)
        other = make_identity()
        track = make_track(identity=other)

        words: list[Callable[[], object]] = [
            lambda: verdicts.assign([track.pk], wiped),
            lambda: verdicts.merge(other, into=wiped),
            lambda: verdicts.merge(wiped, into=other),
            lambda: verdicts.name(wiped, make_performer()),
            lambda: verdicts.create_and_name(wiped, "Somebody"),
        ]
        for say in words:
            with pytest.raises(NotToBeFound):
                say()

        assert of(track) == (other, Verdict.NONE)
        assert not FaceChange.objects.exists()


class TestMergedPerformers:
    def test_wait_for_whoever_moves_faces_before_they_are_held(self) -> None:
        gone, into = make_performer(), make_performer()

        with CaptureQueriesContext(connection) as asked:
            merge_performers(gone, into=into)

        said = [each["sql"] for each in asked if "advisory" in each["sql"] or "FOR " in each["sql"]]
        assert said[0] == identities.TURN
        assert "library_performer" in said[1]

    def test_take_their_faces_along(self) -> None:
        gone, into = make_performer(), make_performer()
        one = make_identity(gone)
        make_track(identity=one)

        merge_performers(gone, into=into)

        one.refresh_from_db()
        assert one.performer == into

    def test_keep_what_was_said_of_either_in_a_video(self) -> None:
        gone, into = make_performer(), make_performer()
        confirmed, refused = make_video(), make_video()
        for video in (confirmed, refused):
            video.performers.add(into)
            Appearance.objects.create(video=video, performer=into, linked=True)
        Appearance.objects.create(video=confirmed, performer=gone, linked=True, confirmed=True)
        Appearance.objects.create(video=refused, performer=gone, linked=False, refused=True)

        merge_performers(gone, into=into)

        said = Appearance.objects.values_list("video", "confirmed", "refused")
        assert set(said) == {(confirmed.pk, True, False), (refused.pk, False, True)}
        assert list(into.videos.all()) == [confirmed]

    def test_are_one_identity_if_both_had_one(self) -> None:
        gone, into = make_performer(), make_performer()
        one, other = make_identity(gone), make_identity(into)
        track = make_track(identity=one, verdict=Verdict.CONFIRMED)

        merge_performers(gone, into=into)

        assert of(track) == (other, Verdict.CONFIRMED)
        assert FaceChange.objects.count() == 1
