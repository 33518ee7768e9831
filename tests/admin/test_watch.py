"""The pages on which videos are watched."""

import json
import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.artifacts.choices import ArtifactKind
from apps.library.models import Viewing
from apps.playback.pages.media_type import media_type
from apps.playback.services.settings import settings_of
from tests.factories import (
    NOON,
    make_artifact,
    make_file,
    make_marker,
    make_tag,
    make_user,
    make_video,
)

HOSTILE = "</script><script>alert(1)</script> \"'>"
pytestmark = pytest.mark.django_db


def watch(client: Client, video: Any, **query: str) -> str:
    response = client.get(reverse("admin:playback_watch", args=[video.pk]), query)
    assert response.status_code == 200
    return response.content.decode()


def player(page: str) -> dict[str, Any]:
    found = re.search(r'<script id="mh-player" type="application/json">(.*?)</script>', page)
    assert found
    data: dict[str, Any] = json.loads(found[1])
    return data


def fill(video: Any, markers: int) -> None:
    """All artifacts, and markers with tags."""
    tracks = [{"name": str(n), "language": "de", "title": ""} for n in range(markers)]
    for kind in ArtifactKind.values:
        make_artifact(video, kind=kind, data={"tracks": tracks} if kind == "subtitles" else {})
    for number in range(markers):
        make_marker(video, tag=make_tag(), start_ms=number * 1_000, end_ms=number * 1_000 + 500)


def test_names_what_was_made(boss: Client) -> None:
    video = make_video("Film", frame_rate=24.0)
    fill(video, 1)

    page = watch(boss, video)
    data = player(page)

    for kind, label in (("metadata", "thumbnails"), ("chapters", "Chapters"), ("subtitles", "de")):
        assert re.search(f'kind="{kind}"[^>]*label="{label}"', page, re.DOTALL) or re.search(
            f'kind="{kind}".*?label="{label}"', page, re.DOTALL
        )
    assert "size=vtt" in page
    assert "size=json" in data["heatmap"]
    assert data["waveform"]
    assert data["poster"]
    (marker,) = data["markers"]
    assert (marker["start"], marker["end"], marker["version"]) == (0, 0.5, 1)
    assert all(data["can"].values())


def test_names_nothing_that_was_not_made(boss: Client) -> None:
    video = make_video()
    make_artifact(video, kind="sprite", state="failed", files={})

    page = watch(boss, video)

    assert "<track" not in page
    assert player(page)["heatmap"] == ""


def test_costs_the_same_whatever_the_video_has(boss: Client) -> None:
    def cost(video: Any) -> int:
        with CaptureQueriesContext(connection) as caught:
            watch(boss, video, list="ordering=title")
        return len(caught)

    plain, full = make_video("A"), make_video("B")
    fill(full, 12)
    Viewing.objects.create(user=make_user(), video=full)
    cost(plain)

    assert cost(full) == cost(plain) <= 16


def test_goes_on_where_it_stopped_and_knows_its_neighbours(boss: Client) -> None:
    a, b, c = make_video("A"), make_video("B"), make_video("C")
    me = settings_of_boss()
    Viewing.objects.create(user_id=me, video=b, position_ms=20_500)
    Viewing.objects.create(user_id=me, video=c, position_ms=59_000)

    data = player(watch(boss, b, list="ordering=title&q="))

    assert data["resume"] == 20.5
    assert data["previous"].startswith(reverse("admin:playback_watch", args=[a.pk]))
    assert data["next"].endswith("?list=ordering%3Dtitle%26q%3D")
    assert data["next_title"] == "C"
    assert player(watch(boss, c, list="ordering=title"))["resume"] == 0
    assert player(watch(boss, c, list="ordering=title"))["next"] == ""


def settings_of_boss() -> int:
    return int(Viewing._meta.get_field("user").related_model.objects.get(username="boss").pk)


def test_hostile_names_stay_text(boss: Client) -> None:
    video = make_video(HOSTILE)
    make_marker(video, title=HOSTILE)

    page = watch(boss, video, list=HOSTILE)

    assert "<script>alert" not in page
    assert player(page)["markers"][0]["title"] == HOSTILE


def test_a_missing_file_and_an_unknown_video(boss: Client) -> None:
    assert player(watch(boss, make_video(missing_since=NOON)))["video"]["missing"]
    gone = reverse("admin:playback_watch", args=[999_999])
    assert boss.get(gone).status_code == 404


def test_random_leads_to_another(boss: Client) -> None:
    first, second = make_video("A"), make_video("B")
    address = reverse("admin:playback_random")

    there = boss.get(address, {"list": "q=B", "but": first.pk})
    alone = boss.get(address, {"list": "q=A", "but": first.pk})

    assert there["Location"] == reverse(
        "admin:playback_watch", args=[second.pk], query={"list": "q=B"}
    )
    assert alone["Location"].startswith(reverse("admin:playback_watch", args=[first.pk]))
    for but in ("", "x", "9" * 30):
        assert boss.get(address, {"list": "q=nothing", "but": but}).status_code == 404


def test_the_grid_leads_here_with_its_question(boss: Client) -> None:
    video = make_video("Film")
    make_artifact(video, kind="preview")

    page = boss.get(
        reverse("admin:library_video_browse"), {"q": "film", "ordering": "title", "zoom": "s"}
    ).content.decode()

    assert (
        f'{reverse("admin:playback_watch", args=[video.pk])}?list=q%3Dfilm%26ordering%3Dtitle"'
        in page
    )
    assert re.search(r'data-preview="[^"]*size=clip', page)


def test_history_shows_ones_own_newest_first(boss: Client) -> None:
    me, videos = settings_of_boss(), [make_video("Old"), make_video("New"), make_video("Other")]
    for number, (user, video) in enumerate([(me, videos[0]), (me, videos[1])]):
        Viewing.objects.create(
            user_id=user, video=video, position_ms=30_000, play_count=1,
            last_played_at=NOON.replace(hour=number),
        )  # fmt: skip
    Viewing.objects.create(user=make_user(), video=videos[2], last_played_at=NOON)

    page = boss.get(reverse("admin:playback_history")).content.decode()

    assert re.findall(r'<a class="mh-link" href="[^"]*">(\w+)</a>', page) == ["New", "Old"]
    assert "width: 50%" in page


class TestSettings:
    def test_keys_are_changed_and_put_back(self, boss: Client) -> None:
        address = reverse("admin:playback_settings")
        form = boss.get(address).context["form"]
        given = {name: form[name].value() for name in form.fields}
        given |= {"key_mute": "q Shift+M", "play_next": ""}
        given = {name: value for name, value in given.items() if value}

        assert boss.post(address, given).status_code == 302
        user = Viewing._meta.get_field("user").related_model.objects.get(username="boss")
        chosen = settings_of(user)
        assert (chosen.shortcuts, chosen.play_next) == ({"mute": ["q", "Shift+m"]}, False)

        refused = boss.post(address, given | {"key_pip": "q"})
        assert "q would do two things" in refused.content.decode()
        assert settings_of(user).shortcuts == {"mute": ["q", "Shift+m"]}

        boss.post(address, {"reset": "1"})
        assert settings_of(user).shortcuts == {}

    def test_switched_off(self, boss: Client) -> None:
        boss.post(reverse("admin:playback_settings"), {})

        data = player(watch(boss, make_video()))

        assert data["settings"] == {"autoplay": False, "play_next": False, "keys": {}}


H264 = {"type": "video", "codec": "h264", "profile": "High", "level": 31, "bit_depth": 8,
        "pixel_format": "yuv420p"}  # fmt: skip
AAC = {"type": "audio", "codec": "aac"}


@pytest.mark.parametrize(
    ("container", "streams", "expected"),
    [
        ("mp4", [H264, AAC], 'video/mp4; codecs="avc1.64001F, mp4a.40.2"'),
        ("mov", [H264], 'video/mp4; codecs="avc1.64001F"'),
        ("matroska", [{**H264, "rotation": 90}], 'video/x-matroska; codecs="avc1.64001F"'),
        ("mp4", [{**H264, "profile": "High 10"}], ""),
        ("webm", [{**H264, "codec": "vp8"}, {"type": "audio", "codec": "opus"}],
         'video/webm; codecs="vp8, opus"'),
        ("mp4", [{**H264, "codec": "hevc", "profile": "Main", "level": 120}],
         'video/mp4; codecs="hvc1.1.6.L120.B0"'),
        ("m4a", [AAC, {"type": "video", "codec": "mjpeg", "attached_pic": True}],
         'audio/mp4; codecs="mp4a.40.2"'),
        ("mp3", [{"type": "audio", "codec": "mp3"}], "audio/mpeg"),
        ("avi", [H264, AAC], ""),
        ("mp4", [{"type": "video", "codec": "mpeg4"}, AAC], ""),
        ("mp4", [], ""),
    ],
)  # fmt: skip
def test_media_types(container: str, streams: list[dict[str, Any]], expected: str) -> None:
    assert media_type(make_file(container=container, streams=streams)) == expected
