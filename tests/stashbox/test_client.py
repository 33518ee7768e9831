"""The client against a real server that has good days and bad ones."""

import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from django.utils import timezone

from apps.core import context
from apps.core.sealing import seal
from apps.stashbox.client import BoxError, Patience, StashBoxClient
from apps.stashbox.models import StashBox
from apps.stashbox.schema import RemotePrint, as_json, read_scene
from apps.stashbox.services.pace import put_off
from tests.stashbox.standin import NOBODY, READER, StandIn
from tests.stashbox.standin import settings as may

PHASH = "0f0f0f0f0f0f0f0f"
PNG = b"\x89PNG\r\n\x1a\n rest"


@pytest.fixture
def slept() -> list[float]:
    """How long was waited between tries, of which nothing is waited."""
    return []


@pytest.fixture
def client(box: StashBox, slept: list[float]) -> Iterator[StashBoxClient]:
    with opened(box, slept) as client:
        yield client


def opened(box: StashBox, slept: list[float], **patience: float) -> StashBoxClient:
    def sleep(seconds: float) -> None:
        if seconds > 0.1:  # shorter ones are turns
            slept.append(seconds)
            StashBox.objects.update(next_request_at=None)

    return StashBoxClient(box, patience=Patience(**patience), sleep=sleep)  # type: ignore[arg-type]


def failing(client: StashBoxClient) -> BoxError:
    with pytest.raises(BoxError) as caught:
        client.version()
    return caught.value


def oshash(number: int) -> RemotePrint:
    return RemotePrint("OSHASH", f"{number:016x}")


class TestAsking:
    def test_says_who_and_what(self, client: StashBoxClient) -> None:
        assert (client.me(), client.version()) == ("tester", "v0.9.1")

    def test_finds_scenes_in_the_order_asked(
        self, standin: StandIn, client: StashBoxClient
    ) -> None:
        one = standin.data.add_scene(title="One", prints=[("OSHASH", "aa", 60)])
        two = standin.data.add_scene(title="Two", prints=[("PHASH", PHASH, 61)])

        found = client.find_scenes([[RemotePrint("PHASH", PHASH)], [], [oshash(0xAA)]])

        assert [[scene.id for scene in scenes] for scenes in found] == [[two], [], [one]]
        assert found[2][0].fingerprints[0].hash == "00000000000000aa"
        assert [each.scenes for each in standin.requests] == [3]

    def test_more_than_a_server_takes_is_not_asked(
        self, standin: StandIn, client: StashBoxClient
    ) -> None:
        with pytest.raises(ValueError, match="41"):
            client.find_scenes([[oshash(1)]] * 41)
        assert not standin.requests

    def test_reads_all_of_a_scene(self, standin: StandIn, client: StashBoxClient) -> None:
        data = standin.data
        group = data.add_studio("Group")
        studio = data.add_studio("Site", parent=group, aliases=["S"], urls=["https://s.example"])
        ann = data.add_performer(
            "Ann", birth_date="1990-05", height=170, band_size=75, waist_size=60, hip_size=90,
            cup_size="B", career_start_year=2010, gender="FEMALE", eye_color="BLUE",
            tattoos=[{"location": "arm", "description": "a rose"}],
        )  # fmt: skip
        scene_id = data.add_scene(
            title="All", details="What\nhappens", studio=studio, tags=[data.add_tag("Beach")],
            urls=["https://s.example/1"], performers=[{"performer": ann, "as": "Annie"}],
            release_date="2024-05-01", duration=61, code="C1", director="D",
            images=[{"id": "all", "width": 64, "height": 36}],
        )  # fmt: skip

        scene = client.find_scene(scene_id)

        assert scene
        assert (scene.title, scene.details, scene.date) == ("All", "What\nhappens", "2024-05-01")
        assert (scene.code, scene.director, scene.duration_s) == ("C1", "D", 61)
        assert scene.studio
        assert scene.studio.parent
        assert (scene.studio.name, scene.studio.parent.name) == ("Site", "Group")
        assert [tag.name for tag in scene.tags] == ["Beach"]
        (seen,) = scene.performers
        assert (seen.alias, seen.performer.name, seen.performer.birth_date) == (
            "Annie", "Ann", "1990-05",
        )  # fmt: skip
        who = seen.performer
        assert (who.height_cm, who.band_size, who.waist_size, who.hip_size) == (170, 75, 60, 90)
        assert (who.career_start, who.tattoos) == (2010, ("arm, a rose",))
        assert (scene.images[0].width, scene.urls) == (64, ("https://s.example/1",))
        assert read_scene(as_json(scene)) == scene

    def test_what_is_not_there_is_nothing(self, client: StashBoxClient) -> None:
        nobody = "00000000-0000-4000-8000-000000000000"

        assert client.find_scene(nobody) is None
        assert client.find_performer(nobody) is None

    def test_searches(self, standin: StandIn, client: StashBoxClient) -> None:
        for number in range(3):
            standin.data.add_scene(title=f"Beach {number}")
        ann = standin.data.add_performer("Ann Other")

        assert len(client.search_scenes("beach", limit=2)) == 2
        assert len(client.search_scenes("beach \ud800")) == 3
        assert [who.id for who in client.search_performers("ann")] == [ann]

    def test_many_performers_are_one_request(
        self, standin: StandIn, client: StashBoxClient
    ) -> None:
        ann, bea = standin.data.add_performer("Ann"), standin.data.add_performer("Bea")
        standin.data.merge(standin.data.performers, ann, into=bea)
        nobody = "00000000-0000-4000-8000-000000000000"

        found = client.find_performers([ann, nobody, bea, ann])

        assert list(found) == [ann, bea]
        assert (found[ann].deleted, found[ann].merged_into) == (True, bea)
        assert len(standin.requests) == 1

    def test_parts_that_failed_do_not_take_the_others(
        self, standin: StandIn, client: StashBoxClient
    ) -> None:
        bad = standin.data.add_scene(prints=[("OSHASH", "aa", 60)])
        good = standin.data.add_scene(prints=[("OSHASH", "bb", 60)])
        standin.settings.broken_scenes.add(bad)

        found = client.find_scenes([[oshash(0xAA)], [oshash(0xBB)]])

        assert [[scene.id for scene in scenes] for scenes in found] == [[], [good]]
        assert list(client.errors) == [0]

    def test_a_scene_that_cannot_be_read_is_left_out(
        self, standin: StandIn, client: StashBoxClient, caplog: pytest.LogCaptureFixture
    ) -> None:
        body = (
            b'{"data": {"searchScenes": {"scenes": [{"id": 5}, {"id": "a", "title": "A",'
            b' "performers": "none"}, {"id": "b", "title": "B\\u0000", "urls": [{"url":'
            b' "javascript:alert(1)"}]}]}}}'
        )
        standin.trouble.append(may.other_json(body))

        (scene,) = client.search_scenes("x")

        assert (scene.id, scene.title, scene.urls) == ("b", "B", ())
        assert "left out" in caplog.text


class TestGiving:
    def test_fingerprints_have_an_error_each(
        self, standin: StandIn, client: StashBoxClient
    ) -> None:
        scene = standin.data.add_scene()
        known = {"scene_id": scene, "hash": PHASH, "algorithm": "PHASH", "duration": 60}
        lost = {**known, "scene_id": "00000000-0000-4000-8000-000000000000"}

        assert client.submit_fingerprints([known, lost]) == [None, "scene not found"]
        assert client.submit_fingerprints([]) == []
        assert len(standin.requests) == 1

    def test_drafts_carry_their_picture(self, standin: StandIn, client: StashBoxClient) -> None:
        draft = {"title": "New", "performers": [{"name": "Ann"}], "fingerprints": []}

        with_picture = client.submit_scene_draft(draft, PNG)
        without = client.submit_performer_draft({"name": "Ann"})

        assert [each.id for each in standin.drafts] == [with_picture, without]
        picture = standin.drafts[0].image
        assert picture
        assert (picture.content, picture.type) == (PNG, "image/png")
        assert standin.drafts[1].image is None

    def test_a_draft_that_may_have_been_taken_is_not_given_twice(
        self, standin: StandIn, client: StashBoxClient
    ) -> None:
        standin.trouble.extend([may.storm(), may.failure(502)])

        with pytest.raises(BoxError, match="502"):
            client.submit_performer_draft({"name": "Ann"})

        assert len(standin.requests) == 2


class TestTrouble:
    @pytest.mark.parametrize(
        ("trouble", "reason"),
        [
            (may.broken_json(), "broken_answer"),
            (may.other_json(b"[" * 200_000), "broken_answer"),
            (may.other_json(b'{"data": null}'), "broken_answer"),
            (may.other_json(b'{"data": NaN}'), "broken_answer"),
            (may.other_json(b'["data"]'), "not_a_stash_box"),
            (may.other_json(b'{"errors": [{"message": "x\\n y"}]}'), "refused"),
            (may.website(), "not_a_stash_box"),
            (may.failure(404), "not_a_stash_box"),
            (may.failure(302), "not_a_stash_box"),
            (may.failure(403), "not_authorised"),
            (may.large(21_000_000), "too_large"),
            (may.large(200_000_000, compressed=True), "too_large"),
        ],
        ids=[
            "cut",
            "deep",
            "null",
            "nan",
            "a list",
            "an error",
            "website",
            "not found",
            "moved",
            "forbidden",
            "large",
            "large when unpacked",
        ],
    )
    def test_each_is_told_apart_and_not_tried_again(
        self, standin: StandIn, client: StashBoxClient, trouble: may.Trouble, reason: str
    ) -> None:
        standin.trouble.append(trouble)

        assert failing(client).reason == reason
        assert len(standin.requests) == 1

    def test_an_endless_answer_is_read_no_farther_than_it_may_be(
        self, standin: StandIn, client: StashBoxClient
    ) -> None:
        standin.trouble.append(may.large(200_000_000))

        assert failing(client).reason == "too_large"
        assert standin.requests[0].sent_bytes < 60_000_000  # what the system's buffers hold, too

    def test_keys_and_roles(self, standin: StandIn, box: StashBox, slept: list[float]) -> None:
        for key, reason in (("wrong", "unauthorised"), (NOBODY, "not_authorised")):
            box.sealed_key = seal(key)
            with opened(box, slept) as client:
                assert failing(client).reason == reason
        box.sealed_key = seal(READER)
        with opened(box, slept) as client, pytest.raises(BoxError) as caught:
            client.submit_performer_draft({"name": "x"})
        assert caught.value.reason == "not_authorised"

    def test_a_key_of_another_installation(self, box: StashBox, slept: list[float]) -> None:
        box.sealed_key = "nothing that was sealed"

        with pytest.raises(BoxError, match="Enter it again") as caught:
            opened(box, slept)
        assert caught.value.reason == "unauthorised"

    def test_old_servers_and_others(self, standin: StandIn, client: StashBoxClient) -> None:
        standin.settings.without = {"Query.searchScenes"}
        with pytest.raises(BoxError) as caught:
            client.search_scenes("x")
        assert caught.value.reason == "too_old"

        standin.settings.without = {"Query.me"}
        with pytest.raises(BoxError) as caught:
            client.me()
        assert caught.value.reason == "not_a_stash_box"

    @pytest.mark.parametrize("retry_after", ["7", "date"])
    def test_a_box_that_is_asked_too_often_says_when_to_come_again(
        self, standin: StandIn, client: StashBoxClient, slept: list[float], retry_after: str
    ) -> None:
        if retry_after == "date":
            retry_after = format_datetime(datetime.now(UTC) + timedelta(seconds=8), usegmt=True)
        standin.trouble.extend([may.storm(retry_after=retry_after)] * 2)

        assert client.version() == "v0.9.1"
        assert len(slept) == 2
        assert all(6 < seconds < 9 for seconds in slept)

    def test_and_if_it_does_not_say_ever_longer_is_waited(
        self, standin: StandIn, client: StashBoxClient, slept: list[float]
    ) -> None:
        standin.settings.always = may.storm(retry_after=None)

        error = failing(client)

        assert (error.reason, error.passing) == ("rate_limited", True)
        assert len(standin.requests) == 4
        assert len(slept) == 3
        assert 0.9 < slept[0] <= 2 < slept[2] <= 8.1

    def test_a_box_that_wants_hours_is_not_waited_for(
        self, standin: StandIn, client: StashBoxClient, slept: list[float]
    ) -> None:
        standin.trouble.append(may.storm(retry_after="7200"))

        assert failing(client).reason == "rate_limited"
        assert (len(standin.requests), slept) == (1, [])
        then = StashBox.objects.values_list("next_request_at", flat=True).get()
        assert then
        assert 7_100 < (then - timezone.now()).total_seconds() < 7_300

    @pytest.mark.parametrize(
        "trouble",
        [may.failure(500), may.failure(503), may.hang_up()],
        ids=["500", "503", "broken off"],
    )
    def test_what_may_pass_is_tried_again(
        self, standin: StandIn, client: StashBoxClient, slept: list[float], trouble: may.Trouble
    ) -> None:
        standin.trouble.extend([trouble] * 2)

        assert client.version() == "v0.9.1"
        assert (len(standin.requests), len(slept)) == (3, 2)

    def test_who_waits_for_a_page_is_told_soon(
        self, standin: StandIn, box: StashBox, slept: list[float]
    ) -> None:
        put_off(box, 60)

        with (
            context.acting(context.Actor(request_id="r")),
            StashBoxClient(box, sleep=slept.append) as client,
        ):
            assert failing(client).reason == "rate_limited"
        assert (standin.requests, slept) == ([], [])

    def test_a_slow_box(self, standin: StandIn, box: StashBox, slept: list[float]) -> None:
        standin.settings.always = may.slow(1)

        with opened(box, slept, answer_s=0.2, tries=2) as client:
            assert failing(client).reason == "timeout"
        assert len(standin.requests) == 2

    def test_nobody_there(self, box: StashBox, slept: list[float]) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
        for url, reason in (
            (f"http://127.0.0.1:{port}/graphql", "unreachable"),
            ("http://no-such-name.invalid/graphql", "dns"),
        ):
            box.url = url
            with opened(box, slept, tries=1) as client:
                assert failing(client).reason == reason

    def test_what_is_private_is_refused(
        self, standin: StandIn, box: StashBox, slept: list[float]
    ) -> None:
        box.allow_private = False

        with opened(box, slept) as client:
            assert failing(client).reason == "private"
        assert not standin.requests

    def test_a_server_without_tls(
        self, standin: StandIn, box: StashBox, slept: list[float]
    ) -> None:
        box.url = box.url.replace("http:", "https:")

        with opened(box, slept) as client:
            assert failing(client).reason == "tls"


def test_the_key_is_in_no_log_and_no_error(
    standin: StandIn, box: StashBox, slept: list[float], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(0)
    box.sealed_key = seal("a-very-secret-key")

    with opened(box, slept) as client:
        error = failing(client)

    assert standin.requests[0].key == "a-very-secret-key"
    assert "a-very-secret-key" not in caplog.text + repr(error)
