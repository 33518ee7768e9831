"""Performers on videos, for the faces in them."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.core import audit
from apps.core.models import AuditEntry
from apps.faces.choices import Band, Verdict
from apps.faces.models import Appearance, Rejection, Track
from apps.faces.services import applying, changes, following, verdicts
from apps.jobs.models import Job
from apps.library.models import Performer, PerformerImage, Video
from tests.faces.factories import alike, make_identity, make_track, person, picture, switch_on
from tests.factories import make_performer, make_video

pytestmark = pytest.mark.django_db


@pytest.fixture
def video() -> Video:
    """In a library that wants names on its videos."""
    found = make_video(title="A film")
    switch_on(found.library)
    return found


def sure(video: Video, performer: Performer, **values: object) -> Track:
    """A face of which the machine is sure."""
    candidate = {
        "performer_id": performer.pk, "name": performer.name, "similarity": 0.7, "one_in": 1e6,
        "margin": 0.4, "ground": "library", "exemplars": [],
    }  # fmt: skip
    return make_track(video, band=Band.APPLIED, candidates=[candidate], **values)


def performers(video: Video) -> list[int]:
    video.refresh_from_db()
    return video.performer_ids


class TestGiving:
    def test_puts_whom_the_machine_is_sure_of_on_the_video(self, video: Video) -> None:
        ada = make_performer()
        sure(video, ada)

        named = applying.apply_names([video.pk])

        appearance = Appearance.objects.get()
        assert named.given == 1
        assert performers(video) == [ada.pk]
        assert video.provenance["performers"]["source"] == "faces"
        assert (appearance.linked, appearance.similarity, appearance.ground) == (
            True, 0.7, "library",
        )  # fmt: skip
        entry = AuditEntry.objects.about(video)[0]
        assert entry.changes["performers"] == [[], [ada.pk]]

    def test_puts_whom_a_person_has_confirmed(self, video: Video) -> None:
        ada = make_performer()
        track = make_track(video, identity=make_identity(ada))

        verdicts.confirm([track.pk])

        assert performers(video) == [ada.pk]

    def test_puts_nobody_for_a_guess(self, video: Video) -> None:
        make_track(video, identity=make_identity(make_performer()), band=Band.SUGGESTED)

        applying.apply_names([video.pk])

        assert performers(video) == []

    def test_puts_nobody_whose_identity_is_somebody_else(self, video: Video) -> None:
        sure(video, make_performer(), identity=make_identity(make_performer()))
        sure(video, make_performer(), identity=make_identity(ignored=True), times_ms=[9_000])

        applying.apply_names([video.pk])

        assert performers(video) == []

    def test_only_tells_where_the_library_doesnt_want_it(self) -> None:
        video, ada = make_video(), make_performer()
        switch_on(video.library, apply_names=False)
        sure(video, ada)

        applying.apply_names([video.pk])

        assert performers(video) == []
        assert not Appearance.objects.get().linked

    def test_leaves_what_is_locked_or_given_by_hand_alone(self, video: Video) -> None:
        locked = make_video(library=video.library, locked_fields=["performers"])
        by_hand = make_video(library=video.library)
        ben = make_performer()
        audit.update(by_hand, {}, related={"performers": [ben]})
        for each in (locked, by_hand):
            sure(each, make_performer())

        applying.apply_names([locked.pk, by_hand.pk])

        assert (performers(locked), performers(by_hand)) == ([], [ben.pk])

    def test_says_of_whom_is_there_already_that_they_are_seen(self, video: Video) -> None:
        ada = make_performer()
        video.performers.add(ada)
        sure(video, ada)

        applying.apply_names([video.pk])

        assert not Appearance.objects.get().linked
        assert video.provenance == {}

    def test_does_nothing_twice(self, video: Video) -> None:
        sure(video, make_performer())
        applying.apply_names([video.pk])
        video.refresh_from_db()
        version = video.version

        again = applying.apply_names([video.pk])

        video.refresh_from_db()
        assert (again.given, again.taken, video.version) == (0, 0, version)

    def test_costs_the_same_for_many_videos(self, video: Video) -> None:
        videos = [make_video(library=video.library) for _ in range(10)]
        for each in videos:
            sure(each, make_performer())

        with CaptureQueriesContext(connection) as few:
            applying.apply_names([each.pk for each in videos[:2]])
        with CaptureQueriesContext(connection) as many:
            applying.apply_names([each.pk for each in videos[2:]])

        assert len(few) == len(many)


class TestTaking:
    def test_takes_off_whom_no_face_stands_for_any_more(self, video: Video) -> None:
        mark = {"source": "stashbox", "box": 1}
        Video.objects.filter(pk=video.pk).update(provenance={"performers": mark})
        track = sure(video, make_performer())
        applying.apply_names([video.pk])
        track.delete()

        named = applying.apply_names([video.pk])

        assert (named.taken, performers(video)) == (1, [])
        assert video.provenance["performers"] == mark
        assert not Appearance.objects.exists()

    def test_marks_the_rest_as_long_as_faces_stand_for_them(self, video: Video) -> None:
        one, other = make_performer(), make_performer()
        track = sure(video, one)
        sure(video, other, times_ms=[9_000])
        applying.apply_names([video.pk])
        track.delete()

        applying.apply_names([video.pk])

        assert performers(video) == [other.pk]
        assert video.provenance["performers"]["source"] == "faces"

    def test_follows_a_rejection_of_whom_a_face_only_might_be(self, video: Video) -> None:
        ada = make_performer()
        own = make_identity(ada)
        make_track(identity=own, vector=person(1), verdict=Verdict.CONFIRMED)
        track = make_track(video, vector=alike(person(1), 0.8), identity=make_identity())
        applying.name_videos()
        assert performers(video) == [ada.pk]

        verdicts.reject([track.pk], own)

        assert performers(video) == []

    @pytest.mark.parametrize(
        "say",
        [
            lambda track, _: verdicts.reject([track.pk]),
            lambda track, _: verdicts.not_a_face([track.pk]),
            lambda track, _: verdicts.unname(track.identity),
            lambda _, naming: changes.undo(naming),
        ],
        ids=["reject", "not_a_face", "unname", "undo"],
    )
    def test_follows_what_people_say(self, video: Video, say: Any) -> None:
        one = make_identity()
        track = make_track(video, identity=one, verdict=Verdict.CONFIRMED)
        naming = verdicts.name(one, make_performer())
        assert performers(video)

        say(track, naming)

        assert performers(video) == []

    def test_leaves_who_was_there_before(self, video: Video) -> None:
        ada = make_performer()
        video.performers.add(ada)
        track = sure(video, ada)
        applying.apply_names([video.pk])
        track.delete()

        applying.apply_names([video.pk])

        assert performers(video) == [ada.pk]
        assert not Appearance.objects.exists()

    def test_takes_nobody_off_what_is_locked(self, video: Video) -> None:
        ada = make_performer()
        track = sure(video, ada)
        applying.apply_names([video.pk])
        Video.objects.filter(pk=video.pk).update(locked_fields=["performers"])
        track.delete()

        applying.apply_names([video.pk])

        assert performers(video) == [ada.pk]

    def test_follows_when_the_face_that_vouched_is_gone(self, video: Video) -> None:
        ada = make_performer()
        known = make_track(identity=make_identity(ada), vector=person(1), verdict="confirmed")
        guessed = make_track(video, vector=alike(person(1), 0.8))
        applying.name_videos()
        assert performers(video) == [ada.pk]

        verdicts.not_a_face([known.pk])

        guessed.refresh_from_db()
        assert performers(video) == []
        assert guessed.band == Band.UNKNOWN

    def test_is_left_to_a_job_where_videos_are_many(
        self, video: Video, monkeypatch: pytest.MonkeyPatch,
        django_capture_on_commit_callbacks: Any,
    ) -> None:  # fmt: skip
        monkeypatch.setattr(following, "MOST_AT_ONCE", 0)
        track = make_track(video, identity=make_identity(make_performer()))

        with django_capture_on_commit_callbacks():  # killed at the commit: nothing runs after it
            change = verdicts.confirm([track.pk])

        job = Job.objects.get(kind="faces.follow")
        assert (performers(video), job.params) == ([], {"change_id": change.pk})
        following.bring_up(change)
        assert performers(video) != []


class TestPeoplesWord:
    def test_on_whom_they_took_off_is_remembered(self, video: Video) -> None:
        sure(video, make_performer())
        applying.apply_names([video.pk])
        video.refresh_from_db()
        audit.update(video, {}, related={"performers": []})

        for _ in range(2):
            applying.apply_names([video.pk])

        assert performers(video) == []
        assert Appearance.objects.get().refused

    def test_keeps_whom_they_confirmed(self, video: Video) -> None:
        ada = make_performer()
        track = sure(video, ada)
        applying.apply_names([video.pk])
        applying.confirm_appearance(Appearance.objects.get())
        track.delete()

        applying.apply_names([video.pk])

        assert performers(video) == [ada.pk]

    def test_leaves_whom_they_kept_when_they_gave_others(self, video: Video) -> None:
        ada, ben = make_performer(), make_performer()
        track = sure(video, ada)
        applying.apply_names([video.pk])
        video.refresh_from_db()
        audit.update(video, {}, related={"performers": [ada, ben]})
        track.delete()

        applying.apply_names([video.pk])

        assert sorted(performers(video)) == [ada.pk, ben.pk]

    def test_on_whom_they_took_off_counts_after_they_confirmed_them(self, video: Video) -> None:
        sure(video, make_performer())
        applying.apply_names([video.pk])
        applying.confirm_appearance(Appearance.objects.get())
        video.refresh_from_db()
        audit.update(video, {}, related={"performers": []})

        applying.apply_names([video.pk])

        assert Appearance.objects.get().refused

    def test_for_one_isnt_for_others_whom_the_machine_put_there(self, video: Video) -> None:
        ada, ben = make_performer(), make_performer()
        tracks = [sure(video, ada), sure(video, ben, times_ms=[9_000])]
        applying.apply_names([video.pk])
        Appearance.objects.filter(performer=ben).update(linked=False)
        video.performers.remove(ben)

        applying.confirm_appearance(Appearance.objects.get(performer=ben))
        tracks[0].delete()
        applying.apply_names([video.pk])

        assert performers(video) == [ben.pk]

    def test_puts_whom_the_machine_only_told_of(self) -> None:
        video, ada = make_video(), make_performer()
        sure(video, ada)
        applying.apply_names([video.pk])

        applying.confirm_appearance(Appearance.objects.get())

        assert performers(video) == [ada.pk]

    def test_takes_whom_they_refused_off_for_good(self, video: Video) -> None:
        ada = make_performer()
        track = make_track(video, identity=make_identity(ada))
        verdicts.confirm([track.pk])

        applying.refuse_appearance(Appearance.objects.get())
        applying.apply_names([video.pk])

        track.refresh_from_db()
        assert performers(video) == []
        assert (track.verdict, Rejection.objects.count()) == (Verdict.NONE, 1)
        assert "performers" not in video.provenance
        assert Appearance.objects.get().refused

    def test_isnt_taken_on_what_is_locked(self, video: Video) -> None:
        sure(video, make_performer())
        applying.apply_names([video.pk])
        Video.objects.filter(pk=video.pk).update(locked_fields=["performers"])

        with pytest.raises(applying.AppearanceLocked):
            applying.refuse_appearance(Appearance.objects.get())


class TestPictures:
    def test_are_made_of_the_best_face(self) -> None:
        ada = make_performer()
        one = make_identity(ada)
        make_track(identity=one, quality=10, portrait=picture(1))
        make_track(identity=one, quality=90, portrait=picture(2))

        made = applying.make_avatar(one)

        assert made.performer == ada
        assert made.image.read() == picture(2)
        made.image.close()

    def test_need_a_name(self) -> None:
        with pytest.raises(applying.NobodyNamed):
            applying.make_avatar(make_identity())

    def test_need_a_face(self) -> None:
        with pytest.raises(applying.NoShot):
            applying.make_avatar(make_identity(make_performer()))

    def test_of_a_face_are_a_videos_cover(self) -> None:
        video = make_video()
        track = make_track(video, times_ms=[3_000, 5_000])

        assert applying.best_moment_ms(track) == 3_000

    def test_of_performers_pictures_are_no_moment(self) -> None:
        image = PerformerImage.objects.create(performer=make_performer(), image="a.webp")
        with pytest.raises(applying.NoShot):
            applying.best_moment_ms(make_track(image=image))


def test_names_are_judged_anew_for_all() -> None:
    video = make_video()
    switch_on(video.library)
    make_track(video)

    assert applying.name_videos() == applying.Named()
