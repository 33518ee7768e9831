"""What is given to boxes: only what is sure, only where it is allowed, and each thing once."""

from datetime import date
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.artifacts.choices import Grade
from apps.artifacts.models import Fingerprint
from apps.library.models import File, PerformerImage, Video
from apps.stashbox.choices import Gift, MatchState
from apps.stashbox.client import BoxError
from apps.stashbox.models import StashBox, StashMatch, Submission
from apps.stashbox.schema import as_json
from apps.stashbox.services.boxes import settings_of_all
from apps.stashbox.services.drafts import (
    AlreadyGiven,
    give_draft,
    scene_draft,
)
from apps.stashbox.services.submit import GivingRefused, foresee, submit_fingerprints
from tests.factories import (
    make_artifact,
    make_file,
    make_folder,
    make_performer,
    make_studio,
    make_tag,
    make_video,
)
from tests.stashbox.factories import make_link, make_match, scene
from tests.stashbox.standin import NOBODY, StandIn
from tests.stashbox.standin.settings import storm

pytestmark = pytest.mark.django_db
PHASH = "f" * 15 + "0"


def _matched(box: StashBox, standin: StandIn, **values: Any) -> StashMatch:
    """A candidate that was accepted, of a scene that the box has."""
    known = scene(id=standin.data.add_scene(title="There"))
    return make_match(box=box, of=known, **{"state": MatchState.ACCEPTED, **values})


def _file(video: Video) -> File:
    assert video.primary_file is not None
    return video.primary_file


def _give_phash(video: Video, *, grade: Grade = Grade.STANDARD, phash: int = -16) -> None:
    Fingerprint.objects.create(content=_file(video).content, phash=phash, grade=grade)


class TestFingerprints:
    def test_all_of_a_videos_are_sent_once(self, box: StashBox, standin: StandIn) -> None:
        match = _matched(box, standin)
        _give_phash(match.video)
        foreseen = [gift.as_input() for gift in foresee(box)]

        given = submit_fingerprints(box)
        again = submit_fingerprints(box)

        said = {"scene_id": match.remote_id, "duration": 60}
        oshash = _file(match.video).oshash
        assert foreseen == [
            {**said, "hash": oshash, "algorithm": "OSHASH"},
            {**said, "hash": PHASH, "algorithm": "PHASH"},
        ]
        assert standin.submissions == foreseen
        assert (given.sent, given.requests, given.refused) == (2, 1, 0)
        assert (again.sent, again.requests, list(foresee(box))) == (0, 0, [])
        kept = Submission.objects.order_by("algorithm").values_list("hash", "video", "duration_s")
        assert list(kept) == [(oshash, match.video_id, 60), (PHASH, match.video_id, 60)]

    @pytest.mark.parametrize(
        ("state", "score", "is_sure"),
        [
            (MatchState.ACCEPTED, 10, True), (MatchState.APPLIED, 90, True),
            (MatchState.APPLIED, 89, False), (MatchState.REVIEW, 100, False),
            (MatchState.REJECTED, 100, False), (MatchState.PASSED, 100, False),
        ],
    )  # fmt: skip
    def test_only_what_is_sure_is_sent(
        self, box: StashBox, standin: StandIn, *, state: MatchState, score: int, is_sure: bool
    ) -> None:
        _matched(box, standin, state=state, score=score)

        assert bool(list(foresee(box))) is is_sure

    def test_nothing_goes_to_a_box_that_is_not_marked(
        self, box: StashBox, standin: StandIn
    ) -> None:
        _matched(box, standin)
        StashBox.objects.update(may_submit=False)
        box.refresh_from_db()

        with pytest.raises(GivingRefused):
            submit_fingerprints(box)

        assert standin.requests == []

    @pytest.mark.parametrize(
        ("grade", "phash"), [(Grade.FLAT, 5), (Grade.OWN, 5), (Grade.STANDARD, 0)]
    )
    def test_pictures_that_tell_nothing_are_not_sent(
        self, box: StashBox, standin: StandIn, grade: Grade, phash: int
    ) -> None:
        _give_phash(_matched(box, standin).video, grade=grade, phash=phash)

        assert [gift.algorithm for gift in foresee(box)] == ["OSHASH"]

    def test_what_has_no_duration_or_no_scene_any_more_is_not_sent(
        self, box: StashBox, standin: StandIn
    ) -> None:
        File.objects.filter(video=_matched(box, standin).video).update(duration_ms=499)
        deleted = scene(deleted=True)
        make_match(box=box, of=deleted, state=MatchState.ACCEPTED)

        assert list(foresee(box)) == []

    def test_a_file_that_two_videos_have_is_given_once(
        self, box: StashBox, standin: StandIn
    ) -> None:
        match = _matched(box, standin)
        twin = make_video(file=make_file(oshash=_file(match.video).oshash))
        make_match(twin, box=box, state=MatchState.ACCEPTED, of=scene(id=match.remote_id))

        assert len(list(foresee(box))) == 1

    def test_what_the_box_refuses_is_kept_with_its_words(
        self, box: StashBox, standin: StandIn
    ) -> None:
        _matched(box, standin)
        match = make_match(box=box, state=MatchState.ACCEPTED)

        given = submit_fingerprints(box)

        assert (given.sent, given.refused) == (2, 1)
        assert given.told[0].endswith(f"of {match.remote_id}: scene not found")
        assert Submission.objects.get(remote_id=match.remote_id).error == "scene not found"
        assert list(foresee(box)) == []

    def test_a_thousand_go_with_a_request(self, box: StashBox, standin: StandIn) -> None:
        known = scene(id=standin.data.add_scene(title="There"))
        folder = make_folder()
        videos = Video.objects.bulk_create(
            Video(title=str(number), library=folder.library) for number in range(55)
        )
        File.objects.bulk_create(
            File(
                library=folder.library, folder=folder, name=b"%d" % number, path=str(number),
                size_bytes=1, mtime_ns=1, inode=number, device=1, video=videos[number // 20],
                duration_ms=60_000, oshash=f"{number + 1:016x}",
            )
            for number in range(1_100)
        )  # fmt: skip
        StashMatch.objects.bulk_create(
            StashMatch(
                video=video, box=box, remote_id=known.id, state=MatchState.ACCEPTED,
                source="person", payload=as_json(known),
            )
            for video in videos
        )  # fmt: skip

        given = submit_fingerprints(box)

        assert (given.sent, given.requests) == (1_100, 2)
        sizes = [len(each.variables["input"]) for each in standin.asked("submitFingerprints")]
        assert sizes == [1_000, 100]

    def test_the_statements_do_not_grow_with_the_matches(
        self, box: StashBox, standin: StandIn
    ) -> None:
        settings_of_all()
        counts = []
        for number in (1, 6):
            for _ in range(number):
                _give_phash(_matched(box, standin).video)
            with CaptureQueriesContext(connection) as caught:
                submit_fingerprints(box)
            counts.append(len(caught))

        assert counts[0] == counts[1]

    def test_what_could_not_be_sent_is_sent_the_next_time(
        self, box: StashBox, standin: StandIn
    ) -> None:
        _matched(box, standin)
        standin.settings.keys[NOBODY] = standin.settings.keys.pop("a-key-that-may-edit")

        with pytest.raises(BoxError) as caught:
            submit_fingerprints(box)

        assert caught.value.reason == "unauthorised"
        assert len(list(foresee(box))) == 1

    def test_a_storm_is_sat_out(self, box: StashBox, standin: StandIn) -> None:
        _matched(box, standin)
        standin.trouble.append(storm(retry_after="0"))

        assert submit_fingerprints(box).sent == 1


class TestDrafts:
    def test_a_scene_is_sent_with_its_labels_prints_and_cover(
        self, box: StashBox, standin: StandIn
    ) -> None:
        studio, eve, ida = make_studio("North"), make_performer("Eve"), make_performer("Ida")
        video = make_video(
            "A day", details="First.", date=date(2021, 3, 4), studio=studio,
            performers=[ida, eve], tags=[make_tag("sea")], urls=["https://example.com/7"],
        )  # fmt: skip
        link = make_link(box, eve)
        cover = make_artifact(video)
        default_storage.save(cover.files["full"]["path"], ContentFile(b"RIFF....WEBPpicture"))

        kept = give_draft(video, box)

        (draft,) = standin.drafts
        assert draft.fields == {
            "title": "A day", "details": "First.", "date": "2021-03-04",
            "urls": ["https://example.com/7"], "studio": {"name": "North"},
            "performers": [{"name": "Eve", "id": link.remote_id}, {"name": "Ida"}],
            "tags": [{"name": "sea"}],
            "fingerprints": [
                {"hash": _file(video).oshash, "algorithm": "OSHASH", "duration": 60}
            ],
        }  # fmt: skip
        assert draft.image is not None
        assert (draft.image.content, draft.image.type) == (b"RIFF....WEBPpicture", "image/webp")
        assert (kept.kind, kept.remote_id, kept.video) == (Gift.SCENE, draft.id, video)

    def test_the_same_is_not_sent_twice_unless_somebody_insists(
        self, box: StashBox, standin: StandIn
    ) -> None:
        video = make_video()
        give_draft(video, box)

        with pytest.raises(AlreadyGiven):
            give_draft(video, box)
        give_draft(video, box, again=True)
        Video.objects.update(title="Other")
        video.refresh_from_db()
        give_draft(video, box)

        assert [draft.fields["title"] == "Other" for draft in standin.drafts] == [
            False, False, True,
        ]  # fmt: skip

    def test_a_performer_is_sent_with_the_first_picture(
        self, box: StashBox, standin: StandIn
    ) -> None:
        eve = make_performer(
            "Eve", aliases=["E", "Evi"], gender="transgender_female", birth_date=date(1990, 2, 3),
            height_cm=170, career_start=2010, country="FR",
        )  # fmt: skip
        for position, content in ((1, b"second"), (0, b"\x89PNG first")):
            image = PerformerImage(performer=eve, position=position)
            image.image.save(f"{position}.png", ContentFile(content))

        give_draft(eve, box)

        (draft,) = standin.drafts
        assert draft.fields == {
            "name": "Eve", "aliases": "E, Evi", "gender": "TRANSGENDER_FEMALE",
            "birthdate": "1990-02-03", "height": "170", "career_start_year": 2010, "country": "FR",
        }  # fmt: skip
        assert draft.image is not None
        assert (draft.image.content, draft.image.type) == (b"\x89PNG first", "image/png")

    def test_a_box_that_is_not_marked_gets_none(self, box: StashBox, standin: StandIn) -> None:
        box.may_submit = False

        with pytest.raises(GivingRefused):
            scene_draft(make_video(), box)

        assert standin.requests == []
