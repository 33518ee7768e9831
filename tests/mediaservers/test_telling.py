"""Servers are told, in good time, and what came of it is known."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from apps.core.sealing import seal
from apps.mediaservers.choices import NoticeState
from apps.mediaservers.models import MediaServer, Notice
from apps.mediaservers.services import Change, tell
from apps.mediaservers.services.notices import forget_old, tell_again
from apps.mediaservers.services.telling import ServerNotTold, due_servers, tell_server
from tests.factories import NOON, make_library
from tests.mediaservers.conftest import server_of
from tests.mediaservers.factories import make_notice, make_server
from tests.mediaservers.standin import TOKEN, Answer, StandIn

pytestmark = pytest.mark.django_db

FILM = b"/srv/films/Film (2020).mkv"
THERE = "/media/films/Film (2020).mkv"


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def change(path: bytes = FILM, kind: str = "created", size: int | None = None) -> Change:
    return Change(path, kind, 1, size)  # type: ignore[arg-type]


def state_of(notice_id: int) -> tuple[str, str]:
    notice = Notice.objects.get(pk=notice_id)
    return notice.state, notice.outcome


class TestWhen:
    def test_once_there_was_quiet(self) -> None:
        server = make_server()
        tell([change()], now=at(0))
        tell([change(b"/srv/films/b.mkv")], now=at(8))

        assert [due_servers(now=at(s)) for s in (5, 12, 17.9, 18)] == [[], [], [], [server.pk]]

    def test_after_half_a_minute_at_the_latest(self) -> None:
        server = make_server()
        for second in range(0, 40, 4):
            tell([change(b"/srv/films/%d.mkv" % second)], now=at(second))

        assert due_servers(now=at(29)) == []
        assert due_servers(now=at(30)) == [server.pk]

    def test_neither_while_it_is_left_alone_nor_if_it_is_off(self) -> None:
        for values in ({"enabled": False}, {"not_before": at(99)}):
            make_notice(make_server(**values))
        assert due_servers(now=at(98)) == []
        assert len(due_servers(now=at(99))) == 1

    def test_many_servers_cost_one_question(self) -> None:
        for _ in range(3):
            make_notice(make_server())
        with CaptureQueriesContext(connection) as captured:
            assert len(due_servers(now=at(60))) == 3
        assert len(captured) == 1


class TestTelling:
    def test_all_that_waits_is_one_request(self, jellyfin: StandIn) -> None:
        server = server_of(jellyfin)
        ids = tell([change(), change(b"/srv/films/b.mkv", "deleted")], now=at(0))
        jellyfin.disk = {THERE: 5}

        told = tell_server(server, now=at(10), job_id=77)

        assert (told.told, told.confirmed, told.failed) == (2, 0, 0)
        (asked,) = jellyfin.asked("/Library/Media/Updated")
        assert len(json.loads(asked.body)["Updates"]) == 2
        notices = Notice.objects.in_bulk(ids).values()
        assert {(n.state, n.there, n.attempts, n.told_at, n.job_id) for n in notices} == {
            ("told", THERE, 1, at(10), 77), ("told", "/media/films/b.mkv", 1, at(10), 77),
        }  # fmt: skip
        server.refresh_from_db()
        assert (server.answered_at, server.outcome) == (at(10), "It answered: 2 told of.")

    def test_nothing_is_asked_if_nothing_is_due(self, jellyfin: StandIn) -> None:
        tell([change()], now=at(0))
        assert tell_server(server_of(jellyfin), now=at(5)).told == 0
        assert not jellyfin.requests

    def test_large_changes_are_told_in_portions(self, plex: StandIn, jellyfin: StandIn) -> None:
        server = server_of(jellyfin)
        tell([change(b"/srv/films/%03d.mkv" % n) for n in range(450)], now=at(0))

        with CaptureQueriesContext(connection) as captured:
            assert tell_server(server, now=at(10)).told == 450

        requests = jellyfin.asked("/Library/Media/Updated")
        assert [len(json.loads(each.body)["Updates"]) for each in requests] == [200, 200, 50]
        assert len(captured) < 30

    @pytest.mark.parametrize(
        ("path", "reason"),
        [(b"/srv/series/a.mkv", "unmapped"), (b"/mnt/elsewhere/a.mkv", "outside")],
    )
    def test_what_the_server_cannot_have_has_failed_with_the_reason(
        self, plex: StandIn, path: bytes, reason: str
    ) -> None:
        """Plex would answer 200 to a folder that is in none of its sections."""
        elsewhere = {"here": "/mnt/elsewhere", "there": "/elsewhere"}
        server = server_of(plex)
        server.path_map.append(elsewhere)
        server.save()
        (notice_id,) = tell([change(path)], now=at(0))

        assert tell_server(server, now=at(10)).failed == 1

        notice = Notice.objects.get(pk=notice_id)
        assert (notice.state, notice.reason, notice.next_at) == ("failed", reason, None)
        assert "path map" in notice.outcome
        assert not plex.told

    def test_what_changes_while_it_is_told_is_told_once_more(self, jellyfin: StandIn) -> None:
        server = server_of(jellyfin)
        (notice_id,) = tell([change()], now=at(0))

        @contextmanager
        def meanwhile() -> Iterator[None]:
            """The file changes between the request and the writing of what came of it."""
            tell([change(kind="modified")], now=at(11))
            with transaction.atomic():
                yield

        tell_server(server, now=at(10), guard=meanwhile)

        notice = Notice.objects.get(pk=notice_id)
        assert (notice.state, notice.attempts) == ("waiting", 0)
        assert due_servers(now=at(60)) == [server.pk]

    def test_whoever_is_killed_in_between_leaves_it_to_be_told(self, jellyfin: StandIn) -> None:
        server = server_of(jellyfin)
        (notice_id,) = tell([change()], now=at(0))

        def killed() -> None:
            raise SystemExit

        with pytest.raises(SystemExit):
            tell_server(server, now=at(10), guard=killed)  # type: ignore[arg-type]
        assert len(jellyfin.told) == 1

        assert due_servers(now=at(15)) == [server.pk]
        tell_server(server, now=at(15))
        assert len(jellyfin.told) == 2
        assert state_of(notice_id)[0] == NoticeState.TOLD

    def test_only_what_can_be_looked_up_is(self, jellyfin: StandIn) -> None:
        server = server_of(jellyfin)
        ids = tell([change(b"/srv/films/a.srt"), change(b"/srv/films/\xff.mkv")], now=at(0))
        server.confirm = False
        tell_server(server, now=at(10))

        assert [Notice.objects.get(pk=pk).next_at for pk in ids] == [None, None]
        assert ("/media/films", "Modified") in jellyfin.told
        tell([change()], now=at(20))
        tell_server(server, now=at(40))
        assert not Notice.objects.open().exists()


class TestServersThatFail:
    def test_all_is_kept_and_tried_less_and_less_often(self, jellyfin: StandIn) -> None:
        server = server_of(jellyfin, sealed_token=seal("wrong"))
        (notice_id,) = tell([change()], now=at(0))
        moment, pauses = at(10), []
        for _ in range(9):
            with pytest.raises(ServerNotTold, match="does not know the token"):
                tell_server(server, now=moment)
            server.refresh_from_db()
            assert server.not_before
            pauses.append((server.not_before - moment).total_seconds())
            moment = server.not_before

        assert 24 <= pauses[0] <= 36
        assert pauses[1] > pauses[0]
        assert 2_880 <= pauses[-1] <= 4_320
        assert (server.failures, server.failing_since, server.reason) == (9, at(10), "unauthorised")
        notice = Notice.objects.get(pk=notice_id)
        assert (notice.state, notice.reason, notice.next_at) == ("waiting", "unauthorised", moment)
        assert TOKEN not in notice.outcome + server.outcome

        server.sealed_token = seal(TOKEN)
        server.save(update_fields=["sealed_token"])
        assert tell_server(server, now=moment).told == 1
        server.refresh_from_db()
        assert (server.failures, server.failing_since, server.not_before) == (0, None, None)

    def test_after_three_days_it_is_given_up(self, jellyfin: StandIn) -> None:
        server = server_of(jellyfin)
        (notice_id,) = tell([change()], now=at(0))
        jellyfin.trouble = [Answer(503)] * 2
        later = NOON + timedelta(days=3, minutes=1)

        with pytest.raises(ServerNotTold):
            tell_server(server, now=later)

        notice = Notice.objects.get(pk=notice_id)
        assert (notice.state, notice.reason, notice.ended_at) == ("failed", "busy", later)

    def test_one_that_fails_between_portions_is_told_the_rest_later(
        self, jellyfin: StandIn
    ) -> None:
        server = server_of(jellyfin)
        tell([change(b"/srv/films/%03d.mkv" % n) for n in range(250)], now=at(0))
        fine = Answer(body=[{"Name": "Films", "Locations": ["/media/films"]}])
        jellyfin.trouble = [fine, Answer(204), Answer(500)]

        with pytest.raises(ServerNotTold):
            tell_server(server, now=at(10))

        assert Notice.objects.filter(state=NoticeState.TOLD).count() == 200
        assert Notice.objects.filter(state=NoticeState.WAITING, reason="busy").count() == 50


class TestLookingUp:
    def test_yes_is_no_proof_but_a_look_is(self, jellyfin: StandIn) -> None:
        server = server_of(jellyfin)
        (notice_id,) = tell([change(size=5)], now=at(0))
        tell_server(server, now=at(10))
        assert due_servers(now=at(99)) == []
        jellyfin.items = {THERE: 5}

        assert due_servers(now=at(100)) == [server.pk]
        assert tell_server(server, now=at(100)).confirmed == 1

        assert state_of(notice_id) == ("confirmed", "Jellyfin lists it.")
        assert len(jellyfin.told) == 1

    def test_what_is_not_there_is_looked_up_again_told_again_and_at_last_has_failed(
        self, jellyfin: StandIn
    ) -> None:
        server = server_of(jellyfin)
        (notice_id,) = tell([change()], now=at(0))
        jellyfin.deaf = True
        steps = []
        while (notice := Notice.objects.get(pk=notice_id)).next_at and len(steps) < 20:
            moment = notice.next_at
            assert due_servers(now=moment) == [server.pk]
            tell_server(server, now=moment)
            notice.refresh_from_db()
            steps.append((notice.state, notice.attempts))

        once = [("told", 1), ("told", 1), ("told", 1)]
        assert steps[:4] == [*once, ("waiting", 1)]
        assert steps[-1] == ("failed", 3)
        assert [len(jellyfin.told), len(steps)] == [3, 12]
        assert notice.reason == "unseen"
        assert notice.outcome.startswith("Jellyfin was told 3 times, and does not list the file.")

    def test_the_former_file_at_the_same_place_is_told_from_the_new_one(
        self, plex: StandIn
    ) -> None:
        server = server_of(plex)
        plex.items, plex.deaf = {THERE: 9}, True
        (notice_id,) = tell([change(kind="modified", size=5)], now=at(0))
        tell_server(server, now=at(10))
        tell_server(server, now=at(40))
        state, outcome = state_of(notice_id)
        assert (state, "was there before" in outcome) == ("told", True)

        plex.items = {THERE: 5}
        tell_server(server, now=at(40 + 180))
        assert state_of(notice_id)[0] == NoticeState.CONFIRMED

    def test_what_is_gone_must_be_gone_there(self, emby: StandIn) -> None:
        server = server_of(emby)
        emby.items = {THERE: 9}
        (notice_id,) = tell([change(kind="deleted")], now=at(0))
        emby.deaf = True
        tell_server(server, now=at(10))
        tell_server(server, now=at(100))
        assert state_of(notice_id) == ("told", "Told; so far Emby still lists the file.")

        emby.items = {}
        tell_server(server, now=at(100 + 180))
        assert state_of(notice_id) == ("confirmed", "Emby no longer lists it.")

    def test_who_may_not_look_up_is_told_so_and_nothing_is_tried_again(
        self, jellyfin: StandIn
    ) -> None:
        server = server_of(jellyfin)
        (notice_id,) = tell([change()], now=at(0))
        tell_server(server, now=at(10))
        fine = Answer(body=[{"Name": "Films", "Locations": ["/media/films"]}])
        jellyfin.trouble = [fine, Answer(403)]

        tell_server(server, now=at(100))

        state, outcome = state_of(notice_id)
        assert (state, "can't be looked up" in outcome) == ("told", True)
        assert not Notice.objects.open().exists()

    def test_what_there_was_no_time_to_look_for_is_not_held_to_be_missing(
        self, jellyfin: StandIn
    ) -> None:
        server = server_of(jellyfin)
        tell([change(b"/srv/films/%03d.mkv" % n) for n in range(30)], now=at(0))
        jellyfin.deaf = True
        tell_server(server, now=at(10))
        tell_server(server, now=at(100))

        assert Notice.objects.filter(looks=1).count() == 20
        assert Notice.objects.filter(looks=0, next_at=at(130), reason="").count() == 10


class TestAgain:
    def test_what_is_over_is_told_at_once(self) -> None:
        server = make_server(not_before=at(9_999))
        over = make_notice(server, FILM, state=NoticeState.FAILED, attempts=3, looks=3)

        assert tell_again(Notice.objects.all(), now=at(50)) == 1

        over.refresh_from_db()
        assert (over.state, over.attempts, over.looks) == ("waiting", 0, 0)
        assert due_servers(now=at(50)) == [server.pk]

    def test_of_one_file_only_the_last_unless_it_is_open(self) -> None:
        server = make_server()
        first, second = [make_notice(server, FILM, state=NoticeState.FAILED) for _ in range(2)]
        other = make_notice(server, b"/b", state=NoticeState.FAILED)
        make_notice(server, b"/b")

        assert tell_again(Notice.objects.all(), now=at(50)) == 1
        states = [Notice.objects.get(pk=each.pk).state for each in (first, second, other)]
        assert states == ["failed", "waiting", "failed"]

    def test_what_is_long_over_is_forgotten(self) -> None:
        make_notice(state=NoticeState.CONFIRMED)
        make_notice(state=NoticeState.WAITING)
        assert forget_old(now=NOON + timedelta(days=80)) == 0
        assert forget_old(now=NOON + timedelta(days=91)) == 1
        assert Notice.objects.get().state == NoticeState.WAITING


def test_a_library_of_a_notice_may_go(jellyfin: StandIn) -> None:
    library = make_library()
    notice = make_notice(server_of(jellyfin), library=library)
    library.delete()
    notice.refresh_from_db()
    assert notice.library is None
    assert MediaServer.objects.exists()
