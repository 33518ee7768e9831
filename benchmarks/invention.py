"""A made-up catalogue: what its rows say, in the proportions of real ones. Plain Python.

The same number of videos always gives the same catalogue. Names, tags, people and studios follow
Zipf's law; whole batches share the moment at which they were added, as those of one scan do; some
tags belong to one time.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.copying import text

TAGS, PERFORMERS, STUDIOS, WORDS, LIBRARIES = 5_000, 50_000, 1_000, 8_000, 4
OLD_TAG = 4  # its videos were all added before half of the others
IN_FOLDER = 25
_START = datetime(2021, 1, 1, tzinfo=UTC)
_SCANS = 400
_CODECS = ["h264", "hevc", "av1", "vp9", "mpeg4", "mpeg2video", "wmv3", ""]
_CODEC_SHARES = [0.615, 0.22, 0.06, 0.05, 0.03, 0.01, 0.01, 0.005]
_SIZES = [(1920, 1080), (1280, 720), (3840, 2160), (854, 480), (640, 360), (720, 576), (1080, 1920)]
_SIZE_SHARES = [0.46, 0.24, 0.10, 0.08, 0.03, 0.02, 0.07]
_SYLLABLES = tuple(
    a + b
    for a in ("b", "d", "g", "k", "l", "m", "n", "r", "s", "t", "v")
    for b in ("a", "e", "i", "o")
)
_CONTAINERS = {"av1": "webm", "vp9": "webm", "mpeg4": "avi", "wmv3": "asf", "mpeg2video": "mpegts"}
_EXTENSIONS = {"webm": "webm", "avi": "avi", "asf": "wmv", "mpegts": "ts", "mp4": "mp4"}

Chance = np.random.Generator
Numbers = NDArray[Any]


def word(number: int) -> str:
    """One of a language of our own, the commoner the shorter."""
    base, rest = len(_SYLLABLES), number
    parts = [_SYLLABLES[rest % base]]
    while (rest := rest // base) > 0:
        parts.append(_SYLLABLES[rest % base])
    return "".join(reversed(parts)) + "ndrl"[number % 4]


def ranks(chance: Chance, *, most: int, count: int) -> Numbers:
    """Numbers from 0 up to ``most``, the small ones far commoner (Zipf)."""
    weights = 1 / np.arange(2, most + 2) ** 0.9
    steps = np.cumsum(weights) / weights.sum()
    return np.minimum(np.searchsorted(steps, chance.random(count)), most - 1)


@dataclass(slots=True)
class Lines:
    """The rows of some videos, as text for COPY."""

    folders: list[list[str]] = field(default_factory=list)
    videos: list[list[str]] = field(default_factory=list)
    files: list[list[str]] = field(default_factory=list)
    tags: list[list[str]] = field(default_factory=list)
    performers: list[list[str]] = field(default_factory=list)
    artifacts: list[list[str]] = field(default_factory=list)


COLUMNS = {
    "folders": ["id", "library_id", "path", "key", "digest", "file_count", "seen_at"],
    "videos": [
        "id", "title", "date", "rating", "favorite", "studio_id", "library_id", "primary_file_id",
        "added_at", "path", "size_bytes", "duration_ms", "width", "height", "orientation",
        "container", "video_codec", "audio_codec", "frame_rate", "bitrate", "missing_since",
    ],
    "files": [
        "id", "library_id", "folder_id", "video_id", "name", "path", "size_bytes", "mtime_ns",
        "inode", "device", "missing_since", "probe_state", "oshash", "content", "duration_ms",
        "container", "video_codec", "audio_codec", "width", "height", "frame_rate", "bitrate",
        "streams", "facts",
    ],
    "tags": ["video_id", "tag_id"],
    "performers": ["video_id", "performer_id"],
    "artifacts": [
        "video_id", "kind", "state", "files", "size_bytes", "source", "parameters", "made_at", "ms",
    ],
}  # fmt: skip


def invent(first: int, count: int, *, total: int) -> Lines:
    """The rows of videos ``first`` to ``first + count`` (ids from 1), and what belongs to them."""
    chance = np.random.default_rng(first)
    lines = Lines()
    columns = _facts(chance, count)
    words = ranks(chance, most=WORDS, count=count * 3).reshape(count, 3)
    tags = ranks(chance, most=TAGS, count=count * 10).reshape(count, 10)
    tag_counts = chance.choice(
        11, count, p=[0.07, 0.08, 0.10, 0.12, 0.14, 0.14, 0.12, 0.09, 0.06, 0.05, 0.03]
    )
    people = ranks(chance, most=PERFORMERS, count=count * 3).reshape(count, 3)
    people_counts = chance.choice(4, count, p=[0.15, 0.45, 0.25, 0.15])
    for i in range(count):
        pk = first + i
        _add_video(
            lines, pk, total, [word(w) for w in words[i]], {n: v[i] for n, v in columns.items()}
        )
        for tag in {_in_its_time(tag, pk / total) for tag in tags[i, : tag_counts[i]].tolist()}:
            lines.tags.append([str(pk), str(tag + 1)])
        for person in {*people[i, : people_counts[i]].tolist()}:
            lines.performers.append([str(pk), str(person + 1)])
    return lines


def _in_its_time(tag: int, share: float) -> int:
    """Every fifth tag was given for a third of the time only; else its neighbour."""
    if tag % 5 != OLD_TAG % 5 - 1:
        return tag
    return tag if 0 <= share - tag * 7 % 70 / 100 < 0.3 else tag + 1


def _facts(chance: Chance, count: int) -> dict[str, Numbers]:
    return {
        "codec": chance.choice(len(_CODECS), count, p=_CODEC_SHARES),
        "size": chance.choice(len(_SIZES), count, p=_SIZE_SHARES),
        "duration_ms": np.minimum(chance.lognormal(13.9, 0.9, count), 4e7).astype(np.int64),
        "bitrate": (chance.lognormal(15.2, 0.6, count)).astype(np.int64),
        "studio": np.where(
            chance.random(count) < 0.7, ranks(chance, most=STUDIOS, count=count), -1
        ),
        "rating": np.where(chance.random(count) < 0.3, chance.integers(1, 101, count), 0),
        "favorite": chance.random(count) < 0.03,
        "missing": chance.random(count) < 0.01,
        "dated": chance.random(count) < 0.8,
        "day": chance.integers(0, 9_000, count),
        "twice": chance.random(count) < 0.03,
        "covered": chance.random(count) < 0.98,
    }


def added_at(pk: int, total: int) -> datetime:
    """The first scan found two fifths of all, the others ever fewer."""
    share = pk / total
    scan = 0 if share < 0.4 else 1 + int((share - 0.4) / 0.6 * _SCANS)
    return _START + timedelta(days=5 * scan, minutes=scan * 17 % 1_440)


def _add_video(lines: Lines, pk: int, total: int, words: list[str], has: dict[str, Any]) -> None:
    codec = _CODECS[has["codec"]]
    width, height = _SIZES[has["size"]] if codec else (None, None)
    container = _CONTAINERS.get(codec, "mp4")
    seconds, bitrate = int(has["duration_ms"]), int(has["bitrate"])
    library = 1 + pk % LIBRARIES
    folder = 1 + pk // (IN_FOLDER * LIBRARIES) * LIBRARIES + pk % LIBRARIES
    title = " ".join(words).capitalize()
    name = f"{title} {pk}.{_EXTENSIONS[container]}"
    path = f"{_folder_path(folder)}/{name}"
    missing = text(_START + timedelta(days=2_000) if has["missing"] else None)
    added = added_at(pk, total)
    facts = {
        "size_bytes": str(seconds * bitrate // 8_000), "duration_ms": str(seconds),
        "width": text(width), "height": text(height), "container": container,
        "video_codec": codec, "audio_codec": "opus" if container == "webm" else "aac",
        "frame_rate": "25.0" if codec else "\\N", "bitrate": str(bitrate),
    }  # fmt: skip
    day = _START.date() - timedelta(days=int(has["day"]) - 2_000)
    lines.videos.append([
        str(pk), title, text(day if has["dated"] else None), text(int(has["rating"]) or None),
        text(bool(has["favorite"])), text(int(has["studio"]) + 1 if has["studio"] >= 0 else None),
        str(library), str(pk), text(added), path, facts["size_bytes"], facts["duration_ms"],
        facts["width"], facts["height"], _orientation(width, height), container, codec,
        facts["audio_codec"], facts["frame_rate"], facts["bitrate"], missing,
    ])  # fmt: skip
    for file in (pk, total + pk) if has["twice"] else (pk,):
        lines.files.append(_file(file, pk, library, folder, name, path, facts, missing))
    if has["covered"]:
        lines.artifacts.append(_cover(pk, added))


def _orientation(width: int | None, height: int | None) -> str:
    if width is None or height is None:
        return ""
    return "landscape" if width > height else "portrait"


def _file(
    pk: int, video: int, library: int, folder: int, name: str, path: str, facts: dict[str, str],
    missing: str,
) -> list[str]:  # fmt: skip
    if pk != video:
        name, path = f"copy of {name}", path.replace(name, f"copy of {name}")
    streams = _STREAMS % (facts["video_codec"], facts["duration_ms"], facts["duration_ms"])
    return [
        str(pk), str(library), str(folder), str(video), text(name.encode()), path,
        facts["size_bytes"], str(1_600_000_000_000_000_000 + pk), str(pk), "1", missing, "done",
        f"{pk * 0x9E3779B97F4A7C15 % 2**64:016x}", f"{pk * 0xD1342543DE82EF95 % 2**127:032x}",
        facts["duration_ms"], facts["container"], facts["video_codec"], facts["audio_codec"],
        facts["width"], facts["height"], facts["frame_rate"], facts["bitrate"], streams, _FURTHER,
    ]  # fmt: skip


def _cover(video: int, made: datetime) -> list[str]:
    files = _PICTURES % (video % 256, video, video % 256, video)
    return [
        str(video), "cover", "made", files, "31234", f"{video * 0xD1342543DE82EF95 % 2**127:032x}",
        "0123456789abcdef", text(made), "180",
    ]  # fmt: skip


def folders(total: int) -> Iterator[list[str]]:
    """Enough folders for all videos; ids from 1."""
    from apps.library.querysets import folder_key

    for pk in range(1, total // IN_FOLDER + 2 * LIBRARIES + 2):
        path = _folder_path(pk).encode()
        library = 1 + (pk - 1) % LIBRARIES
        values = [path, folder_key(path), b"\0" * 16, IN_FOLDER, _START]
        yield [str(pk), str(library), *map(text, values)]


def _folder_path(pk: int) -> str:
    return f"{word(pk % WORDS)} films/{word(pk // 7 % WORDS)} {pk}"


_STREAMS = json.dumps([
    {"type": "video", "index": 0, "codec": "%s", "codec_tag": "avc1", "profile": "High",
     "level": 40, "width": 1920, "height": 1080, "pixel_format": "yuv420p", "bit_depth": 8,
     "frame_rate": 25.0, "color_range": "tv", "color_space": "bt709", "bitrate": 3_900_000,
     "duration_ms": -1, "frames": 30_000, "default": True, "tags": {"handler_name": "Video"}},
    {"type": "audio", "index": 1, "codec": "aac", "codec_tag": "mp4a", "profile": "LC",
     "channels": 2, "channel_layout": "stereo", "sample_rate": 48_000, "sample_format": "fltp",
     "language": "eng", "bitrate": 128_000, "duration_ms": -1, "default": True,
     "tags": {"language": "eng", "handler_name": "Sound"}},
]).replace("-1", "%s")  # fmt: skip
_FURTHER = json.dumps(
    {"format_name": "mov,mp4,m4a,3gp,3g2,mj2", "rotation": 0, "pixel_format": "yuv420p",
     "bit_depth": 8, "profile": "High", "level": 40, "color_range": "tv", "hdr": "",
     "audio_channels": 2, "sample_rate": 48_000, "audio_tracks": 1, "subtitle_tracks": 0,
     "has_attached_picture": False, "tags": {"major_brand": "isom", "encoder": "Lavf58"}}
)  # fmt: skip
_PICTURES = (
    '{"card": {"path": "covers/%02x/%d-card.webp", "width": 480, "height": 270, "bytes": 9234}, '
    '"full": {"path": "covers/%02x/%d-full.webp", "width": 1920, "height": 1080, "bytes": 22000}}'
)
