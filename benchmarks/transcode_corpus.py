"""Every odd and hostile file through a profile, and every shipped profile over films of all kinds.

By the product's own planning, running and proving, on the processor; what comes out is looked at
once more by ffprobe alone, and no source may have changed. ``MEDIAHUB_BENCH_TRANSCODE_FOLDER``
names another folder of files, ``MEDIAHUB_BENCH_TRANSCODE_PROFILE`` a shipped profile for it.
"""

import hashlib
import json
import os
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks import place
from benchmarks.clips import CLIPS
from benchmarks.corpus import make_corpus
from benchmarks.report import Report

_FOLDER = os.environ.get("MEDIAHUB_BENCH_TRANSCODE_FOLDER", "")
_PROFILE = os.environ.get("MEDIAHUB_BENCH_TRANSCODE_PROFILE", "universal-safe")
_AT_ONCE = 2
_LARGEST = 50_000_000  # bytes: more is a film, which the other benchmark has


def run(report: Report) -> None:
    """Files are taken one by one; what nobody foresaw is a failure of the benchmark."""
    bench, library = _Bench(), make_corpus()
    hostile = Path(_FOLDER) if _FOLDER else library / "hostile"
    _all(report, bench, f"{hostile.name}, {_PROFILE}", list(_files(hostile)), [_PROFILE])
    kinds = {clip.video: clip.name for clip in reversed(CLIPS)}  # one of each codec
    films = [path for path in _files(library.parent / "base") if path.name in kinds.values()]
    _all(report, bench, "films, every profile", films, list(bench.specs))


def _all(
    report: Report, bench: "_Bench", what: str, files: list[Path], profiles: list[str]
) -> None:
    began, outcomes, wrong = time.monotonic(), Counter[str](), list[str]()
    wanted = [(path, name) for path in files for name in profiles]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for (path, name), (outcome, why) in zip(
            wanted, pool.map(lambda one: bench.take(*one), wanted), strict=True
        ):
            outcomes[outcome] += 1
            if outcome in ("unforeseen", "untrue", "source changed"):
                wrong.append(f"{os.fsencode(path)!r} by {name}: {outcome}: {why}")
    report.add(f"{what}: taken", len(wanted), "times")
    for outcome, number in sorted(outcomes.items()):
        report.add(f"{what}: {outcome}", number, "times")
    report.add(f"{what}: together", time.monotonic() - began, "s")
    report.check(f"{what}: all as foreseen, outputs true, sources whole", holds=not wrong)
    report.details[what] = wrong[:50]


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink() and path.stat().st_size < _LARGEST:
            yield path


class _Bench:
    """What files are held against: the shipped profiles, at their quickest, by the processor."""

    def __init__(self) -> None:
        from apps.ffmpeg.binaries import find_binaries
        from apps.ffmpeg.transcoding.shipped import SHIPPED
        from apps.ffmpeg.transcoding.spec import Speed
        from apps.ffmpeg.transcoding.trials import examine

        found = find_binaries()
        assert found.ffmpeg is not None
        assert found.ffprobe is not None, "ffprobe looks at the outputs once more"
        self.program, self.ffprobe = found.ffmpeg.path, found.ffprobe.path
        self.abilities = examine(self.program, (), version=found.ffmpeg.version)
        self.specs = {
            one.slug: replace(one.spec, speed=Speed.FASTEST, max_size_percent=None)
            for one in SHIPPED
        }

    def take(self, path: Path, profile: str) -> tuple[str, str]:
        """What came of one file, and why."""
        from apps.core.errors import MediaHubError

        before = _digest(path)
        with tempfile.TemporaryDirectory(dir=place.BUILD) as folder:
            try:
                outcome, why = self._take(bytes(path), self.specs[profile], Path(folder))
            except MediaHubError as error:
                outcome, why = f"refused: {error.code}", str(error)
            except Exception as error:  # noqa: BLE001 - that is what is looked for
                outcome, why = "unforeseen", repr(error)
        if _digest(path) != before:
            return "source changed", ""
        return outcome, why

    def _take(self, source: bytes, spec: Any, folder: Path) -> tuple[str, str]:
        from apps.ffmpeg.transcoding.checking import check
        from apps.ffmpeg.transcoding.commands import command
        from apps.ffmpeg.transcoding.planning import plan
        from apps.ffmpeg.transcoding.refusals import classify
        from apps.ffmpeg.transcoding.running import encode
        from apps.ffmpeg.transcoding.surveying import survey

        read = survey(source)
        made = plan(
            read.facts, spec, size_bytes=read.size_bytes, abilities=self.abilities,
            measured=read.measured, damage=read.damage,
        )  # fmt: skip
        if not made.is_work:
            return f"{made.deed}{made.code and ': '}{made.code}", made.reason
        output = bytes(folder / "draft.part")
        ended = encode(
            command(
                made, spec, made.rungs[0], program=self.program, source=source, output=output,
                filters=self.abilities.filters,
            ),
            duration_ms=made.duration_ms, output=output,
        )  # fmt: skip
        if ended.returncode != 0:
            refusal = classify(ended.lines, returncode=ended.returncode)
            return f"not encoded: {refusal.code}", refusal.sentence
        check(
            source=source, output=output, plan=made, spec=spec, facts=read.facts,
            source_bytes=read.size_bytes, program=self.program, ended=ended,
        )  # fmt: skip
        why = self._why_untrue(output, spec)
        return ("untrue", why) if why else (f"made: {made.deed}", "")

    def _why_untrue(self, output: bytes, spec: Any) -> str:
        """What ffprobe alone says against an output."""
        told = json.loads(
            subprocess.run(
                [self.ffprobe, "-v", "error", "-of", "json", "-show_streams", "-show_format",
                 b"file:" + output],
                check=True, capture_output=True,
            ).stdout
        )  # fmt: skip
        wrong = []
        for stream in told["streams"]:
            if stream.get("disposition", {}).get("attached_pic"):
                continue
            if stream["codec_type"] == "video":
                wrong += _faults_of_picture(stream, spec)
            elif stream["codec_type"] == "audio":
                wrong += _faults_of_sound(stream, spec)
        if spec.container == "mp4" and "mp4" not in told["format"]["format_name"]:
            wrong.append(told["format"]["format_name"])
        return "; ".join(wrong)


def _faults_of_picture(stream: dict[str, Any], spec: Any) -> list[str]:
    wrong = []
    if spec.video_codec not in ("copy", "none", stream["codec_name"]):
        wrong.append(f"codec {stream['codec_name']}")
    long, short = sorted((stream["width"], stream["height"]), reverse=True)
    if long > (spec.max_width or long) or short > (spec.max_height or short):
        wrong.append(f"{long}x{short}")
    rate = [int(part) for part in stream["avg_frame_rate"].split("/")]
    if spec.max_frame_rate and rate[1] and rate[0] / rate[1] > spec.max_frame_rate * 1.01:
        wrong.append(f"{rate[0] / rate[1]:.2f} frames a second")
    ten = "10" in stream.get("pix_fmt", "")
    if spec.pixel_format == "yuv420p" and ten:
        wrong.append(stream["pix_fmt"])
    if spec.level and spec.video_codec == "h264":
        most = round(float(spec.level) * 10)
        if stream["codec_name"] == "h264" and stream["level"] > most:
            wrong.append(f"level {stream['level']}")
    return wrong


def _faults_of_sound(stream: dict[str, Any], spec: Any) -> list[str]:
    wrong = []
    allowed = {str(spec.audio_codec), *spec.copy_audio}
    if spec.audio_codec not in ("copy", "none") and stream["codec_name"] not in allowed:
        wrong.append(f"sound {stream['codec_name']}")
    if spec.max_channels and int(stream["channels"]) > spec.max_channels:
        wrong.append(f"{stream['channels']} channels")
    return wrong


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "blake2b").hexdigest()
