"""How soon the first segment from anywhere comes, against ffmpeg's own time to make it."""

import http.client
import os
import re
import signal
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks import place
from benchmarks.report import Report

_MINUTES = 5
_TURNS = 7
_BAR = 1.5
_STREAMED_BYTES = 2 << 30
_CLIP = (
    f"-f lavfi -i testsrc2=s=1920x1080:r=25 -f lavfi -i sine=f=440:r=48000 -t {60 * _MINUTES} "
    "-c:v libx264 -preset ultrafast -pix_fmt yuv420p -bf 2 -g 50 -c:a aac"
)
_SERVE = """
import sys, uvicorn, mediahub.asgi
uvicorn.run(mediahub.asgi.application, port=int(sys.argv[1]), lifespan="off",
            log_level="warning", access_log=False)
"""


def run(report: Report) -> None:
    """One web process, as it runs in production, and one player after another."""
    place.make_database("bench_hls")
    try:
        _measure(report)
    finally:
        place.use_database("mediahub")
        place.drop_database("bench_hls")


def _measure(report: Report) -> None:
    from apps.accounts.choices import Role
    from tests.factories import make_token, make_user
    from tests.playback.serving import add_video, clip

    library = place.BUILD / "hls"
    video = add_video(library, clip(_CLIP))
    assert video.primary_file
    token = make_token(make_user(Role.VIEWER))[1]
    with _server() as (port, pid):
        player = _Player(port, f"/api/v1/videos/{video.pk}/", token)
        player.get("hls/master.m3u8")
        for variant in ("copy", "720p"):
            _first_segments(report, player, pid, video.primary_file.location, variant)
        path = Path(os.fsdecode(video.primary_file.location))
        os.truncate(path, _STREAMED_BYTES)
        _throughput(report, player, pid, path)


def _first_segments(report: Report, player: "_Player", pid: int, path: bytes, variant: str) -> None:
    """In turns: the segment by HTTP in a session of its own, and from ffmpeg alone."""
    from apps.library.models import File
    from apps.playback.services.hls import watching

    chosen = watching.variant_of(File.objects.get(), variant)
    count = len(chosen.starts_s)
    ours, bare = [], []
    for turn in range(_TURNS):
        number = (turn * 29 + 7) % (count - 2)
        _wait_for_encoders(pid)
        bare.append(_bare(path, chosen, number))
        began = time.perf_counter()
        player.get(f"hls/{variant}/{number}.m4s?s=bench-{variant}")
        ours.append(time.perf_counter() - began)
    ratio = statistics.median(ours) / statistics.median(bare)
    report.add(f"{variant}: first segment by HTTP", statistics.median(ours), "s", turns=ours)
    report.add(f"{variant}: ffmpeg's own time", statistics.median(bare), "s", turns=bare)
    report.add(f"{variant}: ours to ffmpeg's", ratio, "x", most=_BAR)


def _wait_for_encoders(pid: int) -> None:
    """Until the server's encoders are as far ahead as they may be, and rest."""
    before = -1.0
    while (now := sum(map(_cpu_s, _children(pid)))) != before:
        before = now
        time.sleep(0.3)


def _children(pid: int) -> list[int]:
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for task in tasks for child in task.read_text().split()]


def _bare(path: bytes, variant: object, number: int) -> float:
    """From the start of ffmpeg to the last byte of the segment."""
    from apps.ffmpeg.commands.hls import Stretch, segments
    from apps.ffmpeg.fragments import Fragment, Splitter
    from apps.library.services.media import programs
    from apps.playback.services.hls.ladder import Variant

    assert isinstance(variant, Variant)
    ffmpeg = programs().ffmpeg
    assert ffmpeg
    stretch = Stretch(
        number=number, start_s=variant.starts_s[number], end_s=variant.duration_s,
        segment_s=variant.segment_s,
    )  # fmt: skip
    command = segments(ffmpeg.path, path, variant.recipe, stretch)
    began = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout
        splitter, end = Splitter(), variant.starts_s[number + 1] - 0.1
        while part := os.read(process.stdout.fileno(), 1 << 20):
            found = [one for one in splitter.feed(part) if isinstance(one, Fragment)]
            if any(one.end_s >= end for one in found):
                break
        took = time.perf_counter() - began
        process.kill()
    return took


def _throughput(report: Report, player: "_Player", pid: int, path: Path) -> None:
    """The whole file by ``stream/``, and by bare ``sendfile`` over the same loopback."""
    used, took = _cpu_s(pid), time.perf_counter()
    player.read_all("stream/")
    took, used = time.perf_counter() - took, _cpu_s(pid) - used
    gigabytes = _STREAMED_BYTES / 1e9
    report.add("stream: rate of one player", gigabytes / took, "GB/s")
    report.add("stream: CPU of the server", used / gigabytes, "s/GB")
    report.add("stream: CPU at 20 Mbit/s", 100 * used / gigabytes * 20 / 8_000, "%", most=3.0)
    rate, cpu = _sendfile(path)
    report.add("bare sendfile: rate", rate, "GB/s")
    report.add("bare sendfile: CPU of the sender", cpu, "s/GB")


def _sendfile(path: Path) -> tuple[float, float]:
    """GB/s, and CPU seconds a GB of the sender."""
    ours, theirs = socket.socketpair()
    with subprocess.Popen(["cat"], stdin=theirs, stdout=subprocess.DEVNULL), ours:
        theirs.close()
        before, began = time.process_time(), time.perf_counter()
        with path.open("rb") as file:
            while os.sendfile(ours.fileno(), file.fileno(), None, 1 << 22):
                pass
        took, used = time.perf_counter() - began, time.process_time() - before
        ours.shutdown(socket.SHUT_RDWR)
    return _STREAMED_BYTES / 1e9 / took, used / (_STREAMED_BYTES / 1e9)


class _Player:
    def __init__(self, port: int, root: str, token: str) -> None:
        self._port, self._root = port, root
        self._headers = {"Authorization": f"Bearer {token}"}

    def get(self, path: str) -> bytes:
        return self._open(path).read()

    def read_all(self, path: str) -> None:
        response, part = self._open(path), bytearray(1 << 20)
        while response.readinto(part):
            pass

    def _open(self, path: str) -> http.client.HTTPResponse:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
        connection.request("GET", self._root + path, headers=self._headers)
        response = connection.getresponse()
        assert response.status == 200, response.read()
        return response


@contextmanager
def _server() -> Iterator[tuple[int, int]]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    env = {**os.environ, "DJANGO_SETTINGS_MODULE": "mediahub.settings.web"}
    process = subprocess.Popen([sys.executable, "-c", _SERVE, str(port)], env=env, cwd=place.ROOT)
    try:
        deadline = time.monotonic() + 30
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                assert time.monotonic() < deadline, "the web server doesn't start"
                time.sleep(0.1)
        yield port, process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


def _cpu_s(pid: int) -> float:
    fields = re.sub(r".*\) ", "", Path(f"/proc/{pid}/stat").read_text(), flags=re.DOTALL).split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
