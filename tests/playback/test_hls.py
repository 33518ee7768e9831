"""HLS: playlists known in advance, and segments that are made when they are asked for."""

import itertools
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest
from django.conf import settings

from apps.accounts.choices import Role
from apps.library.models import Video
from apps.playback.services.hls.place import Place, places
from tests.client import Api
from tests.factories import make_token, make_user
from tests.jobs.listening import Web
from tests.playback.serving import LONG, Answer, add_video, addresses, ask, clip, packets

_IDLE_S = 5
_SLOTS = 2

Ask = Callable[..., Answer]
Encoders = Callable[[], list[str]]


@pytest.fixture
def video(transactional_db: None, tmp_path: Path) -> Video:
    return add_video(tmp_path / "library", clip(LONG))


@pytest.fixture(scope="module")
def servers(django_db_setup: None) -> Iterator[list[Web]]:
    """Two web processes on the same data; starting them takes longest."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MEDIAHUB_HLS_IDLE_SECONDS", str(_IDLE_S))
        patch.setenv("MEDIAHUB_HLS_SESSIONS", str(_SLOTS))
        servers = [Web(), Web()]
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(Web.start, servers))
        yield servers
        for server in servers:
            server.close()


@pytest.fixture
def webs(transactional_db: None, servers: list[Web]) -> Iterator[list[Web]]:
    """The servers, without sessions of other tests."""
    for server in servers:
        assert server.process
        if server.process.poll() is not None:
            server.start()
    yield list(servers)
    for place in places(folder()):
        place.ask_to_end()
    if not wait_until(lambda: not places(folder()), within_s=2):
        shutil.rmtree(folder())


@pytest.fixture
def look(webs: list[Web], video: Video) -> Ask:
    """Asks the servers in turn for what lies below the video's ``hls/``."""
    token = make_token(make_user(Role.VIEWER))[1]
    turn = iter(range(10**6))

    def look(path: str, *, bearer: str = token) -> Answer:
        port = webs[next(turn) % len(webs)].port
        return ask(port, f"videos/{video.pk}/hls/{path}", Authorization=f"Bearer {bearer}")

    return look


@pytest.fixture
def encoders(tmp_path: Path) -> Encoders:
    """The commands of all ffmpeg processes that make segments of this test's video."""

    def encoders() -> list[str]:
        found = []
        for process in Path("/proc").iterdir():
            with suppress(OSError):
                if process.name.isdigit():
                    found.append((process / "cmdline").read_bytes().decode("utf-8", "replace"))
        return [one for one in found if "frag_discont" in one and str(tmp_path) in one]

    return encoders


def folder() -> Path:
    root: Path = settings.MEDIAHUB_DATA_DIR / "tmp" / "hls"
    return root


def let_pass(seconds: float) -> None:
    """As if no player had asked for anything for so long."""
    for place in places(folder()):
        with suppress(FileNotFoundError):
            then = (place.folder / "wanted").stat().st_mtime - seconds
            os.utime(place.folder / "wanted", (then, then))


def wait_until(is_so: Callable[[], bool], *, within_s: float = 20.0) -> bool:
    deadline = time.monotonic() + within_s
    while not (so := is_so()) and time.monotonic() < deadline:
        time.sleep(0.05)
    return so


class TestPlaylists:
    def test_master(self, look: Ask) -> None:
        answer = look("master.m3u8")

        assert answer.status == 200
        assert answer.headers["content-type"] == "application/vnd.apple.mpegurl"
        lines = answer.text.splitlines()
        streams = [line for line in lines if line.startswith("#EXT-X-STREAM-INF")]
        assert [line.partition("NAME=")[2] for line in streams] == ['"copy"', '"360p"']
        assert all("RESOLUTION=320x180" in line and "mp4a.40.2" in line for line in streams)

    @pytest.mark.parametrize("variant", ["copy", "360p"])
    def test_index_tells_all_segments(self, look: Ask, variant: str) -> None:
        text = look(f"{variant}/index.m3u8?s=player-1&start=7.5").text

        durations = [
            float(line.removeprefix("#EXTINF:").rstrip(","))
            for line in text.splitlines()
            if line.startswith("#EXTINF")
        ]
        assert sum(durations) == pytest.approx(60, abs=0.05)
        assert max(durations) <= 4.05
        names = addresses(text)
        assert names[:2] == ["init.mp4?s=player-1&start=7.5", "0.m4s?s=player-1&start=7.5"]
        assert text.endswith("#EXT-X-ENDLIST\n")

    def test_unknown(self, look: Ask) -> None:
        asked = ["1080p/index.m3u8", "360p/99.m4s?s=player-1", "nothing/0.m4s?s=player-1"]
        assert [look(path).status for path in asked] == [404, 404, 404]
        assert look("360p/0.m4s?s=short").status == 400
        assert look("master.m3u8?start=-1").status == 400


class TestSegments:
    @pytest.mark.parametrize("variant", ["copy", "360p"])
    def test_pieces_of_several_encoders_fit_together(
        self, look: Ask, variant: str, tmp_path: Path
    ) -> None:
        """Jumping about makes encoders begin at 0, 9 and 5; the last runs into what is there."""
        got: dict[int, bytes] = {}
        beginnings = set()
        for number in (0, 1, 9, 10, 5, 6, 7, 8, 2, 3, 4):
            answer = look(f"{variant}/{number}.m4s?s=player-1")
            assert answer.status == 200, answer.text
            got[number] = answer.body
            beginnings.add(look(f"{variant}/init.mp4?s=player-1").body)
        assert len(beginnings) == 1
        whole = tmp_path / "whole.mp4"
        whole.write_bytes(beginnings.pop() + b"".join(got[number] for number in sorted(got)))

        picture, sound = packets(whole, "v"), packets(whole, "a")

        times = sorted(round(float(one["pts_time"]) * 25, 3) for one in picture)
        assert times == list(range(11 * 4 * 25))
        ends = [(float(a["pts_time"]), float(b["pts_time"])) for a, b in itertools.pairwise(sound)]
        assert all(abs(after - before - 1024 / 48_000) < 0.0225 for before, after in ends)

    def test_variants_lie_on_the_same_times(self, look: Ask, tmp_path: Path) -> None:
        first = {}
        for variant in ("copy", "360p"):
            beginning = look(f"{variant}/init.mp4?s=player-1").body
            path = tmp_path / f"{variant}.mp4"
            path.write_bytes(beginning + look(f"{variant}/7.m4s?s=player-1").body)
            first[variant] = min(float(one["pts_time"]) for one in packets(path, "v"))

        assert first == {"copy": 28.0, "360p": 28.0}

    def test_another_quality_goes_on_where_the_player_is(self, look: Ask) -> None:
        """Not where it began."""
        for path in ("copy/init.mp4", "copy/2.m4s", "copy/13.m4s", "360p/init.mp4"):
            assert look(f"{path}?s=player-1&start=8").status == 200

        made = {int(path.stem) for path in folder().rglob("*.m4s")}
        assert made <= {13, 14}

    def test_a_player_has_one_session_whatever_it_watches(
        self, look: Ask, encoders: Encoders
    ) -> None:
        for path in ("360p/0.m4s", "copy/12.m4s", "360p/3.m4s"):
            assert look(f"{path}?s=player-1").status == 200

        assert len(list(folder().iterdir())) == 1
        assert len(encoders()) <= 1

    def test_the_limit_is_answered_with_503(self, look: Ask) -> None:
        others = [make_token(make_user(Role.VIEWER))[1] for _ in range(_SLOTS + 1)]

        answers = [look("360p/0.m4s?s=player-1", bearer=bearer) for bearer in others]

        assert [one.status for one in answers] == [200] * _SLOTS + [503]
        assert int(answers[-1].headers["retry-after"]) > 0
        assert json.loads(answers[-1].body)["type"].endswith("sessions_full")

    def test_a_viewers_new_session_replaces_the_quiet_one(self, look: Ask) -> None:
        for number in range(_SLOTS):
            assert look(f"copy/0.m4s?s=player-{number}").status == 200
        let_pass(2.2)

        assert look("copy/3.m4s?s=player-new").status == 200
        assert wait_until(lambda: len(list(folder().iterdir())) == _SLOTS)

    def test_ends_by_itself_and_leaves_nothing(self, look: Ask, encoders: Encoders) -> None:
        assert look("360p/2.m4s?s=player-1").status == 200
        let_pass(_IDLE_S - 1)
        assert not wait_until(lambda: not list(folder().iterdir()), within_s=0.3)

        let_pass(1)

        assert wait_until(lambda: not list(folder().iterdir()))
        assert encoders() == []

    def test_runs_ahead_only_so_far(self, look: Ask) -> None:
        look("copy/0.m4s?s=player-1")
        wait_until(lambda: len(list(folder().rglob("*.m4s"))) > 8)
        time.sleep(0.5)

        assert len(list(folder().rglob("*.m4s"))) <= 12  # of 15

    def test_what_ffmpeg_cannot_convert_is_told(self, look: Ask, video: Video) -> None:
        assert video.primary_file
        look("360p/index.m3u8")
        with open(video.primary_file.location, "r+b") as file:
            file.truncate(1_000)
        began = time.monotonic()

        answer = look("360p/0.m4s?s=player-1")

        assert answer.status == 500
        assert "ffmpeg could not convert this file" in json.loads(answer.body)["detail"]
        assert time.monotonic() - began < 15

    def test_leftovers_of_killed_processes_are_swept(self, look: Ask) -> None:
        left = folder() / "dead" / "stream"
        left.mkdir(parents=True)
        (left / "0.m4s").write_bytes(b"x")
        for path in (folder() / "dead", folder() / "dead" / "wanted"):
            path.touch()
            os.utime(path, (1, 1))

        look("copy/0.m4s?s=player-1")

        assert not left.exists()


def _children(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split() or [
        child
        for task in Path(f"/proc/{pid}/task").iterdir()
        for child in (task / "children").read_text().split()
    ]


class TestManyViewers:
    def test_thirty_seek_at_once(self, webs: list[Web], video: Video, encoders: Encoders) -> None:
        viewers = [make_token(make_user(Role.VIEWER))[1] for _ in range(30)]

        def seek(number: int) -> list[Answer]:
            port, bearer = webs[number % 2].port, viewers[number]
            return [
                ask(
                    port,
                    f"videos/{video.pk}/hls/360p/{part % 15}.m4s?s=player-1",
                    Authorization=f"Bearer {bearer}",
                )
                for part in (number, number * 7)
            ]

        with ThreadPoolExecutor(30) as pool:
            answers = [answer for both in pool.map(seek, range(30)) for answer in both]

        assert {answer.status for answer in answers} == {200, 503}
        refused = [answer for answer in answers if answer.status == 503]
        assert all(int(answer.headers["retry-after"]) > 0 for answer in refused)
        let_pass(_IDLE_S)
        assert wait_until(lambda: not list(folder().iterdir()))
        assert encoders() == []


class TestClients:
    """ffprobe and yt-dlp read what hls.js reads."""

    def test_ffprobe(self, webs: list[Web], video: Video) -> None:
        token = make_token(make_user(Role.VIEWER))[1]
        url = f"http://127.0.0.1:{webs[0].port}/api/v1/videos/{video.pk}/hls/master.m3u8"
        command = ["ffprobe", "-v", "error", "-headers", f"Authorization: Bearer {token}\r\n"]
        command += ["-allowed_extensions", "ALL", "-of", "json", "-show_streams", "-show_format"]

        said = subprocess.run([*command, url], capture_output=True, check=True, timeout=60)

        found = json.loads(said.stdout)
        assert {one["codec_name"] for one in found["streams"]} == {"h264", "aac"}
        assert float(found["format"]["duration"]) == pytest.approx(60, abs=0.1)

    def test_yt_dlp(self, webs: list[Web], video: Video, tmp_path: Path) -> None:
        pytest.importorskip("yt_dlp")
        token = make_token(make_user(Role.VIEWER))[1]
        url = f"http://127.0.0.1:{webs[0].port}/api/v1/videos/{video.pk}/hls/master.m3u8"
        command = [sys.executable, "-m", "yt_dlp", "--add-header", f"Authorization:Bearer {token}"]
        command += ["-f", "best[format_id*=copy]/best", "-o", str(tmp_path / "got.mp4")]
        command += ["--no-config", "--hls-use-mpegts", "--fixup", "never", "-q"]

        said = subprocess.run([*command, url], capture_output=True, timeout=120, check=False)

        assert said.returncode == 0, said.stderr
        assert len(packets(tmp_path / "got.mp4", "v")) == 1500


class TestPermissions:
    @pytest.mark.parametrize("path", ["master.m3u8", "copy/index.m3u8", "copy/init.mp4?s=player-1"])
    def test_only_who_may_see_the_video(self, video: Video, path: str) -> None:
        reader = make_user()
        address = f"videos/{video.pk}/hls/{path}"

        assert Api().get(address).status_code == 401
        assert Api(reader).get(address).status_code == 403
        assert Api(token=make_token(reader)[1]).get(address).status_code == 403

    def test_tokens_of_others_lead_nowhere(self) -> None:
        assert Place.key_of("1", "player-1") != Place.key_of("2", "player-1")


class TestKilledProcesses:
    """The last, since whoever comes after waits for another server."""

    def test_another_process_takes_over_from_a_killed_one(
        self, look: Ask, webs: list[Web], video: Video, encoders: Encoders
    ) -> None:
        for _ in webs:  # whoever is asked first owns the session
            assert look("360p/1.m4s?s=player-1").status == 200
        owner = next(web for web in webs if web.process and _children(web.process.pid))
        assert owner.process
        owner.process.send_signal(signal.SIGKILL)
        owner.process.wait()
        webs.remove(owner)

        assert look("360p/13.m4s?s=player-1").status == 200

        let_pass(_IDLE_S)
        assert wait_until(lambda: not list(folder().iterdir()))
        assert encoders() == []
