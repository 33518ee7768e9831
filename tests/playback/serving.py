"""A video in the catalogue, made of a real file, and a client of a real server that plays it."""

import hashlib
import http.client
import json
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from apps.ffmpeg.messages import ProbeRequest, ProbeResult
from apps.library.choices import LibraryState
from apps.library.models import File, Library, Video
from apps.library.services.media import media_pool
from tests.factories import make_file, make_library, make_video
from tests.media import ffmpeg

_CACHE = Path(__file__).parents[2] / "build" / "test-media"
_X264 = "-c:v libx264 -preset ultrafast -pix_fmt yuv420p -bf 2"
LONG = (
    f"-f lavfi -i testsrc2=s=320x180:r=25 -f lavfi -i sine=f=440:r=48000 -t 60 {_X264} -g 50 "
    "-c:a aac"
)
"""A minute with B-frames and a key frame every two seconds."""


@cache
def clip(arguments: str, suffix: str = ".mp4") -> Path:
    """What ffmpeg makes of the arguments; made once and shared: never change it."""
    path = _CACHE / f"{hashlib.sha256(arguments.encode()).hexdigest()[:16]}{suffix}"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f"draft-{path.name}")
        command = [ffmpeg(), "-nostdin", "-v", "error", "-y", *arguments.split(), str(draft)]
        subprocess.run(command, check=True)
        draft.rename(path)
    return path


def add_video(
    root: Path,
    source: Path,
    *,
    name: bytes = b"",
    library: Library | None = None,
    probed: bool = True,
) -> Video:
    """The file as ``name`` in a library at ``root``, ``probed`` or not, and its video."""
    name = name or source.name.encode()
    root.mkdir(exist_ok=True)
    shutil.copy2(source, bytes(root) + b"/" + name)
    library = library or make_library(root=str(root), state=LibraryState.ONLINE)
    container = "webm" if name.endswith(b"webm") else "mp4"
    file = make_file(name, library=library, container=container)
    if probed:
        _learn(file, _probe(source))
    return make_video(file=file, duration_ms=file.duration_ms)


@cache
def _probe(source: Path) -> ProbeResult:
    with media_pool(children=1) as pool:
        (result,) = pool.run([ProbeRequest(key=0, path=bytes(source))])
    assert isinstance(result, ProbeResult)
    return result


def _learn(file: File, result: ProbeResult) -> None:
    facts = result.facts
    assert facts, result.message
    assert result.stat
    file.size_bytes, file.mtime_ns = result.stat.size, result.stat.mtime_ns
    file.content, file.streams = result.content, facts.streams
    for same in ("duration_ms", "container", "video_codec", "audio_codec", "width", "height"):
        setattr(file, same, getattr(facts, same))
    file.frame_rate, file.bitrate = facts.frame_rate, facts.bitrate
    file.save()


@dataclass
class Answer:
    """What a server said."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)

    @property
    def text(self) -> str:
        return self.body.decode()


def ask(port: int, path: str, *, method: str = "GET", **headers: str) -> Answer:
    """One request of a connection of its own, below ``/api/v1/``."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, f"/api/v1/{path}", headers=named)
        response = connection.getresponse()
        return Answer(response.status, dict(response.headers), response.read())
    finally:
        connection.close()


def addresses(playlist: str) -> list[str]:
    """What a playlist names, the beginning first."""
    lines = playlist.splitlines()
    first = [line.split('"')[1] for line in lines if line.startswith("#EXT-X-MAP")]
    return first + [line for line in lines if line and not line.startswith("#")]


def packets(path: Path, kind: str) -> list[dict[str, Any]]:
    """Each packet's time and length as ffprobe sees them."""
    shown = "packet=pts_time,dts_time,duration_time,flags"
    command = ["ffprobe", "-v", "error", "-select_streams", kind, "-show_entries", shown]
    out = subprocess.run([*command, "-of", "json", str(path)], check=True, capture_output=True)
    return list(json.loads(out.stdout)["packets"])
