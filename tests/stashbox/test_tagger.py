"""The tagger page: what it shows, what its forms do, and what it costs."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.accounts.choices import Role
from apps.jobs.models import Job
from apps.library.models import Performer, Video
from apps.library.services.videos import edit_video
from apps.stashbox.choices import MatchState
from apps.stashbox.models import StashBox, StashMatch
from tests.factories import make_performer, make_studio, make_user, make_video
from tests.stashbox.factories import (
    make_box,
    make_link,
    make_match,
    remote_id,
    remote_performer,
    remote_studio,
    scene,
)
from tests.stashbox.standin import StandIn

pytestmark = pytest.mark.django_db
_FETCH = {"X-Requested-With": "fetch"}


@pytest.fixture
def boss() -> Client:
    return _client(make_user(superuser=True, username="boss"))


def _client(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def _address() -> str:
    return reverse("admin:stashbox_tagger")


def _titles(client: Client, **asked: Any) -> list[str]:
    queue = client.get(_address(), asked).context["queue"]
    return [row.card.title for row in queue.rows]


def _send(client: Client, deed: str, **values: Any) -> Any:
    query = values.pop("query", "")
    data = {"deed": deed, **values}
    return client.post(f"{_address()}?{query}", data, headers=_FETCH)


class TestQueue:
    def test_shows_each_video_once_the_surest_first(self, boss: Client) -> None:
        box, late = make_box(), make_video("late")
        make_match(late, box=box, score=60)
        make_match(late, box=box, score=50)
        make_match(make_video("early"), box=box, score=80)
        make_match(make_video("done"), box=box, score=95, state=MatchState.ACCEPTED)

        assert _titles(boss) == ["early", "late"]

    def test_is_filtered_by_the_address(self, boss: Client) -> None:
        one, other = make_box("One"), make_box("Other")
        acme = scene(studio=remote_studio("Acme films"))
        make_match(make_video("there"), box=one, of=acme, score=80)
        make_match(make_video("here", studio=make_studio("The ACME")), box=other, score=50)
        make_match(make_video("sidecar"), box=None, score=40)
        StashMatch.objects.filter(video__title="sidecar").update(box=None)
        make_match(make_video("no"), box=one, score=30, state=MatchState.REJECTED)

        assert _titles(boss, studio="acme") == ["there", "here"]
        assert _titles(boss, score=60) == ["there"]
        assert _titles(boss, box=other.pk) == ["here"]
        assert _titles(boss, box="other") == ["sidecar"]
        assert _titles(boss, state="rejected") == ["no"]
        assert _titles(boss, state="'", box="x", score="-1", cursor="?") == [
            "there", "here", "sidecar",
        ]  # fmt: skip

    def test_ten_thousand_candidates_cost_the_queries_of_few(self, boss: Client) -> None:
        box = make_box()
        _many(box, videos=5, each=2)
        boss.get(_address())
        with CaptureQueriesContext(connection) as few:
            assert len(_titles(boss)) == 5
        _many(box, videos=1_000, each=10)
        with CaptureQueriesContext(connection) as many:
            answer = boss.get(_address())

        queue = answer.context["queue"]
        assert (len(queue.rows), queue.count.rows) == (20, 1_005)
        assert len(many) == len(few)
        first = {row.card.pk for row in queue.rows}
        second = boss.get(f"{_address()}{queue.next}&fragment=queue").context["queue"]
        assert len(first | {row.card.pk for row in second.rows}) == 40

    def test_each_video_is_on_one_page(self, boss: Client) -> None:
        _many(make_box(), videos=50, each=2)

        assert _all_pages(boss) == 50

    def test_says_what_there_is_to_do_where_it_is_empty(self, boss: Client) -> None:
        assert "No stash-box to ask" in boss.get(_address()).content.decode()
        make_box()
        page = boss.get(_address()).content.decode()
        assert "Nothing to review" in page
        assert "Identify all videos" in page
        assert "Nothing matches the filters" in boss.get(_address(), {"score": 9}).content.decode()
        gone = boss.get(_address(), {"video": 10**9, "fragment": "video"})
        assert "This video is gone" in gone.content.decode()


class TestCandidates:
    def test_are_shown_with_what_they_would_change(self, boss: Client) -> None:
        video = make_video("mine", locked_fields=["title"], details="old")
        match = make_match(video, of=scene("Theirs <b>", details="new", date="2020-05-17"))

        pane = boss.get(_address(), {"video": video.pk, "fragment": "video"}).context["pane"]

        (candidate,) = pane.candidates
        outcomes = {row.name: row.outcome for row in candidate.rows}
        assert candidate.match == match
        assert (outcomes["title"], outcomes["details"], outcomes["date"]) == (
            "locked", "kept", "set",
        )  # fmt: skip

    def test_show_what_taking_a_field_on_purpose_would_give(self, boss: Client) -> None:
        video = make_video("mine", urls=["https://example.com/a"])
        edit_video(video, {"urls": ["https://example.com/a"], "details": "mine"})
        edit_video(video, {"urls": ["https://example.com/b"]})
        make_match(video, of=scene(details="new", date="", urls=("https://example.com/c",)))

        pane = boss.get(_address(), {"video": video.pk, "fragment": "video"}).context["pane"]

        rows = {row.name: row for row in pane.candidates[0].rows}
        shown = {name: (row.outcome, row.gone, row.come) for name, row in rows.items()}
        assert shown["details"] == ("kept", ["mine"], [("new", False)])
        assert shown["urls"] == ("kept", [], [("https://example.com/c", False)])
        assert shown["date"] == ("unsaid", [], [])

    def test_nothing_of_an_answer_is_markup_or_a_script(self, boss: Client) -> None:
        video = make_video()
        evil = scene("<script>alert(1)</script>", urls=("javascript:alert(1)",))
        make_match(video, of=evil, evidence={"reasons": [{"text": "<b>", "points": "x"}, 3]})
        elsewhere = make_match(video, remote_id="javascript:alert(2)")
        StashMatch.objects.filter(pk=elsewhere.pk).update(box=None)
        make_match(video, payload={"id": [], "title": {}}, evidence={"reasons": 7})

        page = boss.get(_address(), {"video": video.pk}).content.decode()

        assert "<script>alert" not in page
        assert 'href="javascript' not in page
        assert "can&#x27;t be read any more" in page

    def test_know_who_is_linked(self, boss: Client) -> None:
        box, ann = make_box(), make_performer("Ann")
        link = make_link(box, ann, remote_id(77))
        cast = [remote_performer("Annie", id=link.remote_id), remote_performer("ann")]
        match = make_match(box=box, of=scene(performers=cast))

        answer = boss.get(_address(), {"video": match.video_id, "fragment": "video"})

        known, alike = answer.context["pane"].candidates[0].people
        assert (known.known, alike.known, alike.alike) == (ann, None, ann)


class TestDeeds:
    def test_accepts_what_was_offered_or_just_what_is_ticked(self, boss: Client) -> None:
        match, other = make_match(make_video("a")), make_match(make_video("b"))
        offered = ["title", "date"]

        whole = _send(boss, "accept", match=match.pk, field=offered, offered=offered)
        _send(boss, "accept", match=other.pk, field=["date"], offered=offered)

        assert whole.json()["back"] == [match.pk]
        titles = Video.objects.order_by("pk").values_list("title", flat=True)
        assert list(titles) == [match.payload["title"], "b"]
        match.refresh_from_db()
        assert match.state == MatchState.ACCEPTED

    def test_undoes_what_was_decided_last(self, boss: Client) -> None:
        video = make_video("a")
        match, other = make_match(video, score=80), make_match(video, score=60)
        for deed, values in (
            ("accept", {"match": match.pk}),
            ("reject", {"match": other.pk}),
            ("skip", {"video": video.pk}),
        ):
            done = _send(boss, deed, **values).json()
            undone = _send(boss, "undo", match=done["back"])

            video.refresh_from_db()
            states = set(video.matches.values_list("state", flat=True))
            assert (undone.status_code, video.title, states) == (200, "a", {MatchState.REVIEW})

    def test_rejects_for_good(self, boss: Client) -> None:
        match = make_match()

        done = _send(boss, "reject", match=match.pk).json()

        match.refresh_from_db()
        assert (match.state, done["stays"]) == (MatchState.REJECTED, False)

    def test_opens_again_what_was_rejected_or_passed_over(self, boss: Client) -> None:
        video = make_video()
        one, other, taken = (
            make_match(video, state=state)
            for state in (MatchState.REJECTED, MatchState.PASSED, MatchState.ACCEPTED)
        )
        pane = boss.get(_address(), {"video": video.pk}).context["pane"]

        opened = _send(boss, "reopen", match=one.pk, query="state=rejected").json()
        all_of_it = _send(boss, "reopen", video=video.pk).json()
        none = _send(boss, "reopen", video=video.pk)

        assert (pane.closed, opened["stays"], all_of_it["candidate"]) == (2, False, other.pk)
        assert none.status_code == 409
        states = StashMatch.objects.order_by("pk").values_list("state", flat=True)
        assert list(states) == ["review", "review", "accepted"]
        assert taken.pk

    def test_creates_and_links_performers(self, boss: Client) -> None:
        cast = [remote_performer("Berta"), remote_performer("Carla")]
        match, ann = make_match(of=scene(performers=cast)), make_performer("Ann")

        def link(one: int, **values: Any) -> Any:
            return _send(boss, "link", match=match.pk, remote=cast[one].id, **values)

        made = link(0, how="create")
        linked = link(1, how="link", performer=ann.pk)
        wrong = link(1, how="link", performer="")

        assert (made.status_code, linked.status_code, wrong.status_code) == (200, 200, 409)
        assert Performer.objects.filter(name="Berta").exists()
        assert set(ann.remote_links.values_list("remote_id", flat=True)) == {cast[1].id}

    def test_searches_by_words_and_takes_ids(
        self, boss: Client, box: StashBox, standin: StandIn
    ) -> None:
        beach = standin.data.add_scene(title="Beach day")
        lake = standin.data.add_scene(title="Lake night")
        video = make_video()

        found = _send(boss, "search", video=video.pk, box=box.pk, text="beach").json()
        named = _send(boss, "search", video=video.pk, text=lake).json()
        nothing = _send(boss, "search", video=video.pk, box=box.pk, text="mountain").json()

        rows = {row.pk: row.remote_id for row in video.matches.all()}
        assert (rows[found["candidate"]], rows[named["candidate"]]) == (beach, lake)
        assert "knows nothing" in nothing["said"]

    def test_many_are_foreseen_and_then_accepted_by_a_job(self, boss: Client) -> None:
        make_match(score=95)
        make_match(score=70)

        seen = boss.get(_address(), {"fragment": "bulk", "from_score": 90}).context["foreseen"]
        wrong = boss.get(_address(), {"fragment": "bulk", "from_score": "x"}).context["foreseen"]
        _send(boss, "bulk", from_score=90)

        assert (seen.videos, bool(wrong.refusal)) == (1, True)
        assert Job.objects.filter(kind="stashbox.accept").count() == 1

    def test_works_without_a_script(self, boss: Client) -> None:
        match = make_match(score=80)
        make_match(make_video("next"), score=70)

        answer = boss.post(f"{_address()}?score=50", {"deed": "reject", "match": match.pk})

        assert answer["Location"] == f"{_address()}?score=50"
        assert boss.get(answer["Location"]).context["pane"].card.title == "next"

    def test_what_is_refused_is_said(self, boss: Client) -> None:
        match = make_match()

        nothing = _send(boss, "accept", match=match.pk, offered=["title"])
        words = _send(boss, "search", video=match.video_id, text=" ")

        assert (nothing.status_code, words.status_code) == (409, 409)
        assert "Tick a field" in nothing.json()["said"]
        assert _send(boss, "burn", match=match.pk).status_code == 404
        assert _send(boss, "reject", match=10**12).status_code == 404


def test_viewers_look_but_decide_nothing() -> None:
    viewer, match = _client(make_user(Role.VIEWER)), make_match()

    page = viewer.get(_address())
    answer = _send(viewer, "accept", match=match.pk)

    assert page.status_code == 200
    assert b'value="accept"' not in page.content
    assert answer.status_code == 403
    match.refresh_from_db()
    assert match.state == MatchState.REVIEW


def _many(box: Any, *, videos: int, each: int) -> None:
    """Candidates without files: rows alone."""
    library = make_video().library
    made = Video.objects.bulk_create(
        [Video(title=f"v{number}", library=library) for number in range(videos)]
    )
    StashMatch.objects.bulk_create(
        StashMatch(
            video=video, box=box, source="fingerprint", remote_id=f"{video.pk}-{number}",
            score=(video.pk * 7 + number) % 60 + 40,
        )
        for video in made for number in range(each)
    )  # fmt: skip


def _all_pages(client: Client) -> int:
    seen: list[int] = []
    address = "?fragment=queue"
    while address:
        queue = client.get(_address() + address).context["queue"]
        seen += [row.card.pk for row in queue.rows]
        address = f"{queue.next}&fragment=queue" if queue.next else ""
    assert len(set(seen)) == len(seen)
    return len(seen)
