"""Asking boxes about videos: what is asked, kept and applied, once each."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.artifacts.choices import Grade
from apps.artifacts.models import Fingerprint
from apps.core.errors import MediaHubError
from apps.core.models import AuditEntry
from apps.jobs.context import JobCancelled
from apps.library.models import Video
from apps.stashbox.choices import FieldPolicy, MatchState, Source
from apps.stashbox.models import IdentifySettings, Lookup, StashBox, StashMatch
from apps.stashbox.services.boxes import settings_of_all
from apps.stashbox.services.identify import Found, identify, pages
from tests.factories import make_file, make_video
from tests.stashbox.standin import Data, StandIn, serve
from tests.stashbox.standin.settings import Trouble, broken_json

pytestmark = pytest.mark.django_db
LOOKUP, SEARCH = "findScenesBySceneFingerprints", "searchScenes"


@pytest.fixture(autouse=True)
def settings_row(db: None) -> IdentifySettings:
    """Searches by words are for the tests that are about them."""
    row = settings_of_all()
    row.search_text = False
    row.save()
    return row


def known(data: Data, video: Video, title: str = "Known there", **fields: Any) -> str:
    """A scene of which the video is a file."""
    assert video.primary_file
    prints = [("OSHASH", video.primary_file.oshash, fields.pop("seconds", 60))]
    return data.add_scene(title=title, duration=60, prints=prints, **fields)


def run(**options: Any) -> Found:
    return identify(Video.objects.all(), **options)


def states() -> dict[str, str]:
    return {row.payload["title"]: row.state for row in StashMatch.objects.all()}


class TestFingerprints:
    def test_what_is_certain_is_applied_and_what_is_likely_kept(
        self, standin: StandIn, box: StashBox
    ) -> None:
        certain, likely, unknown = make_video("a"), make_video("b"), make_video("c")
        known(standin.data, certain, "Certain")
        known(standin.data, likely, "Likely", seconds=63)

        found = run()

        assert found == Found(asked=3, requests=1, applied=1, review=1, nothing=1)
        assert states() == {"Certain": "applied", "Likely": "review"}
        certain.refresh_from_db()
        assert certain.title == "Certain"
        assert list(Lookup.objects.order_by("video").values_list("video", "found")) == [
            (certain.pk, 1), (likely.pk, 1), (unknown.pk, 0),
        ]  # fmt: skip
        match = StashMatch.objects.get(video=likely)
        assert (match.source, match.box) == (Source.FINGERPRINT, box)
        assert match.evidence["prints"][0]["duration_difference_s"] == 3

    def test_forty_videos_are_asked_about_at_once(self, standin: StandIn, box: StashBox) -> None:
        for _ in range(41):
            make_video()
        make_video(file=make_file(oshash=""))

        found = run()

        assert [each.scenes for each in standin.asked(LOOKUP)] == [40, 1]
        assert (found.asked, found.requests, found.without) == (41, 2, 1)

    def test_all_fingerprints_of_all_files_are_asked(self, standin: StandIn, box: StashBox) -> None:
        video = make_video()
        copy = make_file(oshash="ab" * 8, video=video)
        Fingerprint.objects.create(content=copy.content, phash=-1, grade=Grade.STANDARD)

        run()

        [asked] = next(iter(standin.asked(LOOKUP)[0].variables.values()))
        assert {(each["algorithm"], each["hash"]) for each in asked} >= {
            ("OSHASH", "ab" * 8), ("PHASH", "f" * 16),
        }  # fmt: skip
        assert len(asked) == 3

    def test_only_what_is_new_or_changed_is_asked_again(
        self, standin: StandIn, box: StashBox
    ) -> None:
        old, changed = make_video(), make_video()
        assert run().asked == 2
        assert run() == Found()
        assert changed.primary_file
        Fingerprint.objects.create(
            content=changed.primary_file.content, phash=5, grade=Grade.STANDARD
        )
        make_video()

        assert run().asked == 2
        assert run(again=True).asked == 3
        assert Lookup.objects.filter(video=old).count() == 1

    def test_asking_again_goes_on_where_it_was(self, standin: StandIn, box: StashBox) -> None:
        first, began = make_video(), timezone.now()
        run()
        second = make_video()
        Lookup.objects.filter(video=first).update(asked_at=began - timedelta(days=1))
        run()

        assert run(again=True, since=began).asked == 1  # the second one was asked about since
        assert Lookup.objects.get(video=first).asked_at > began
        assert run(again=True, since=began) == Found()
        assert second.pk

    def test_asking_again_neither_doubles_nor_reopens(
        self, standin: StandIn, box: StashBox
    ) -> None:
        applied, rejected, passed = make_video(), make_video(), make_video()
        known(standin.data, applied, "Applied")
        known(standin.data, rejected, "Rejected", seconds=62)
        known(standin.data, passed, "Passed", seconds=62)
        run()
        for title in ("Rejected", "Passed"):
            StashMatch.objects.filter(payload__title=title).update(state=title.lower())
        entries = AuditEntry.objects.count()

        found = run(again=True)

        assert states() == {"Applied": "applied", "Rejected": "rejected", "Passed": "passed"}
        assert (found.applied, found.review) == (0, 0)
        assert AuditEntry.objects.count() == entries

    def test_of_two_that_are_as_near_none_is_applied(self, standin: StandIn, box: StashBox) -> None:
        video = make_video()
        known(standin.data, video, "One site's")
        known(standin.data, video, "Another site's")

        assert run().review == 1
        assert states() == {"One site's": "review", "Another site's": "review"}

    def test_an_answer_that_is_not_whole_is_kept_but_not_relied_upon(
        self, standin: StandIn, box: StashBox
    ) -> None:
        video = make_video()
        known(standin.data, video, "Whole")
        broken = known(standin.data, video, "Broken")
        standin.settings.broken_scenes = {broken}

        assert run().applied == 0
        assert states() == {"Whole": "review"}
        standin.settings.broken_scenes = set()
        assert run().asked == 1
        assert states() == {"Whole": "review", "Broken": "review"}

    def test_many_cost_the_statements_of_few(self, standin: StandIn, box: StashBox) -> None:
        studio = standin.data.add_studio("A studio")

        def cost(count: int) -> int:
            for _ in range(count):
                known(standin.data, make_video(), studio=studio)
            with CaptureQueriesContext(
                connection,
            ) as statements:
                assert run().applied == count
            return len(statements)

        cost(1)  # the studio is made
        assert cost(3) == cost(39)


class TestBoxes:
    def test_each_is_asked_in_order_and_a_later_one_replaces_nothing(
        self, standin: StandIn, box: StashBox
    ) -> None:
        video = make_video()
        known(standin.data, video, "First")
        other = Data()
        known(other, video, "Second", details="Only the second tells.")
        with serve(other) as second:
            StashBox.objects.create(
                name="Other", url=second.url, sealed_key=box.sealed_key, position=1,
                allow_private=True, requests_per_minute=6_000,
            )  # fmt: skip
            found = run()

        assert (found.asked, found.applied) == (2, 2)
        video.refresh_from_db()
        assert (video.title, video.details) == ("First", "Only the second tells.")

    def test_one_that_fails_is_told_of_and_stops_no_other(
        self, standin: StandIn, box: StashBox
    ) -> None:
        known(standin.data, make_video())
        StashBox.objects.create(name="Broken", url=box.url, position=-1, allow_private=True)

        found = run()

        assert found.applied == 1
        assert found.reasons == {"Broken": "unauthorised"}
        assert "Broken" in found.failed["Broken"]

    def test_one_that_fails_in_the_middle_goes_on_from_there(
        self, standin: StandIn, box: StashBox
    ) -> None:
        for _ in range(41):
            make_video()
        standin.trouble.extend([Trouble(), broken_json()])

        assert run().reasons == {"Stand-in": "broken_answer"}
        assert Lookup.objects.count() == 40
        assert run().asked == 1

    def test_answers_that_are_too_large_are_asked_for_in_halves(
        self, standin: StandIn, box: StashBox, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for _ in range(4):
            known(standin.data, make_video())
        standin.trouble.append(Trouble(status=200, large_bytes=100_000_000))

        found = run()

        assert (found.asked, found.applied, found.failed) == (4, 4, {})
        assert [each.scenes for each in standin.asked(LOOKUP)] == [4, 2, 2]

    def test_without_any_there_is_nothing_to_ask(self) -> None:
        with pytest.raises(MediaHubError) as refused:
            run()

        assert refused.value.code == "no_box"


class TestWords:
    @pytest.fixture(autouse=True)
    def _with_words(self, settings_row: IdentifySettings) -> None:
        settings_row.search_text = True
        settings_row.save()

    def test_find_what_fingerprints_do_not_and_are_always_reviewed(
        self, standin: StandIn, box: StashBox
    ) -> None:
        known(standin.data, make_video("matched"), "Matched")
        make_video("The Long Way.1080p.x264.mp4")
        make_video("1080p")
        standin.data.add_scene(title="The Long Way", duration=60)

        found = run()

        assert (found.asked, found.searched, found.review) == (3, 1, 1)
        match = StashMatch.objects.get(source=Source.TEXT)
        assert (match.state, match.score) == (MatchState.REVIEW, 50)
        [search] = standin.asked(SEARCH)
        assert search.variables["term"] == "The Long Way"

    def test_are_searched_once(self, standin: StandIn, box: StashBox) -> None:
        make_video("The Long Way")
        without = make_video("Another Way", file=make_file(oshash=""))

        assert run().searched == 2
        assert run() == Found(without=1)
        assert run(again=True).searched == 2
        assert without.primary_file
        without.primary_file.oshash = "12" * 8
        without.primary_file.save()
        assert (run().asked, run().asked) == (1, 0)

    def test_a_fingerprint_that_comes_later_counts_for_more(
        self, standin: StandIn, box: StashBox
    ) -> None:
        video = make_video("The Long Way")
        scene = standin.data.add_scene(title="The Long Way", duration=60)
        run()
        assert states() == {"The Long Way": "review"}
        standin.data.vote(
            standin.data.scenes[scene],
            {"algorithm": "OSHASH", "hash": video.primary_file.oshash, "duration": 60},  # type: ignore[union-attr]
        )

        run(again=True)

        match = StashMatch.objects.get()
        assert (match.state, match.source) == (MatchState.APPLIED, Source.FINGERPRINT)


def test_work_that_is_stopped_goes_on_where_it_was(standin: StandIn, box: StashBox) -> None:
    """Whether it is told so between two batches, or can't keep an answer."""
    for _ in range(81):
        known(standin.data, make_video())
    kept = 0

    @contextmanager
    def guard() -> Iterator[None]:
        nonlocal kept
        yield
        kept += 1
        if kept == 2:
            raise JobCancelled

    from django.db import transaction

    def whole() -> Any:
        return transaction.atomic() if kept > 2 else _both(transaction.atomic(), guard())

    with pytest.raises(JobCancelled):
        run(guard=whole)
    assert StashMatch.objects.filter(state=MatchState.APPLIED).count() == 40
    assert run().applied == 41
    assert AuditEntry.objects.filter(object_type="library.video").count() == 81


@contextmanager
def _both(outer: Any, inner: Any) -> Iterator[None]:
    with outer, inner:
        yield


def test_pages_are_not_shifted_by_what_changes_meanwhile() -> None:
    videos = [make_video() for _ in range(5)]
    seen = []
    for page in pages(Video.objects.filter(favorite=False), 2):
        seen += page
        Video.objects.filter(pk__in=page).update(favorite=True)

    assert seen == [video.pk for video in videos]


def test_a_policy_of_the_settings_is_used(
    standin: StandIn, box: StashBox, settings_row: IdentifySettings
) -> None:
    settings_row.policies = {"details": FieldPolicy.IGNORE}
    settings_row.save()
    video = make_video()
    known(standin.data, video, details="Left out")

    run()

    video.refresh_from_db()
    assert video.details == ""
