"""Outputs are proven; each way in which one may be broken and yet play is found out.

What ffmpeg said and how it ended proves nothing in most of these: that is why they are here.
"""

import os
import random
import shutil
import signal
import subprocess
from collections.abc import Callable
from copy import copy
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from apps.ffmpeg.transcoding.abilities import Abilities, Ability
from apps.ffmpeg.transcoding.checking import OutputRefused, Proof, SourceDamaged, check
from apps.ffmpeg.transcoding.commands.whole import command
from apps.ffmpeg.transcoding.planning import plan as make_plan
from apps.ffmpeg.transcoding.plans import Plan
from apps.ffmpeg.transcoding.running import Ended, encode
from apps.ffmpeg.transcoding.spec import Container, Spec, Speed, VideoCodec
from apps.ffmpeg.transcoding.surveying import FileSurvey, survey
from tests.media import ffmpeg, media, truncated

_ABLE = Abilities(encoders=(Ability("libx264", "h264", encodes=True),))
_SPEC = Spec(max_height=64, speed=Speed.FASTEST, max_size_percent=None)
_COPY = Spec(video_codec=VideoCodec.COPY, container=Container.MATROSKA)
_HOLE = "lt(t,2)+gt(t,5)"
_CLIP = (
    "-f lavfi -i testsrc2=s=160x90:r=25:d=8 -f lavfi -i sine=f=440:r=48000:d=8"
    " -c:v libx264 -preset ultrafast -pix_fmt yuv420p -g 50 -c:a aac -b:a 64k"
)


def _ffmpeg(arguments: str, *paths: Path) -> None:
    command = [ffmpeg(), "-v", "error", "-y", *arguments.split(), *map(str, paths)]
    subprocess.run(command, check=True, capture_output=True)


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Eight seconds of picture and sound, in the container of the name."""
    folder = tmp_path_factory.mktemp("clips")

    def clip(name: str) -> Path:
        path = folder / name
        if not path.exists():
            _ffmpeg(_CLIP + (" -movflags +faststart" if path.suffix == ".mp4" else ""), path)
        return path

    return clip


@dataclass
class Transcode:
    """One file, the plan for it, and the output once it was written."""

    source: Path
    folder: Path
    spec: Spec = _SPEC
    ended: Ended | None = None

    def __post_init__(self) -> None:
        self.survey: FileSurvey = survey(bytes(self.source))
        self.plan: Plan = make_plan(
            self.survey.facts, self.spec, size_bytes=self.survey.size_bytes, abilities=_ABLE
        )
        assert self.plan.is_work, self.plan.reason
        self.output = self.folder / f"out.{self.plan.extension.lstrip('.')}"

    def encode(self) -> "Transcode":
        line = command(
            self.plan, self.spec, self.plan.rungs[0], program=ffmpeg(), source=bytes(self.source),
            output=bytes(self.output),
        )  # fmt: skip
        self.ended = encode(line, duration_ms=self.plan.duration_ms, output=bytes(self.output))
        assert self.ended.returncode == 0, self.ended.lines
        return self

    def check(self, **changed: Any) -> Proof:
        wanted: dict[str, Any] = {
            "source": bytes(self.source), "output": bytes(self.output), "plan": self.plan,
            "spec": self.spec, "facts": self.survey.facts, "source_bytes": self.survey.size_bytes,
            "program": ffmpeg(), "ended": self.ended,
        }  # fmt: skip
        return check(**{**wanted, **changed})


@pytest.fixture(scope="module")
def encoded(clips: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Transcode:
    return Transcode(clips("clip.mp4"), tmp_path_factory.mktemp("encoded")).encode()


@pytest.fixture
def transcode(encoded: Transcode, tmp_path: Path) -> Transcode:
    """One whose output may be spoilt."""
    spoilt = copy(encoded)
    spoilt.output = Path(shutil.copy(encoded.output, tmp_path))
    return spoilt


def _flip(path: Path, *, at: float, count: int = 300) -> None:
    content = bytearray(path.read_bytes())
    start = int(len(content) * at)
    content[start : start + count] = random.Random(4).randbytes(count)
    path.write_bytes(content)


class TestSound:
    """Outputs that are as they should be."""

    @pytest.mark.parametrize(
        "name", ["chapters.mkv", "mpeg2.ts", "vp9.webm", "xvid.avi", "rotated90.mp4"]
    )
    def test_of_all_kinds_of_sources(self, name: str, tmp_path: Path) -> None:
        transcode = Transcode(media(name), tmp_path).encode()
        told: list[tuple[int, int | None]] = []

        proof = transcode.check(report=lambda done, total=None, /, **_: told.append((done, total)))

        assert proof.frames == transcode.survey.of("video")[0].packets
        assert abs(proof.end_ms - proof.source_end_ms) < 100
        assert proof.facts.height == 64 or proof.facts.width == 64
        assert (proof.notes, proof.size_bytes) == ((), transcode.output.stat().st_size)
        assert told[-1] == (proof.end_ms, proof.end_ms)

    def test_what_was_only_copied(self, tmp_path: Path) -> None:
        proof = Transcode(media("h264.mp4"), tmp_path, _COPY).encode().check()

        assert proof.to_json()["facts"]["container"] == "matroska"

    def test_sound_that_begins_late_may_begin_with_silence(self, tmp_path: Path) -> None:
        source = tmp_path / "late.mp4"
        _ffmpeg(
            "-f lavfi -i testsrc2=s=160x90:r=25:d=3 -itsoffset 1 -f lavfi -i sine=d=2"
            " -c:v libx264 -preset ultrafast -pix_fmt yuv420p -c:a mp2", source,
        )  # fmt: skip

        assert Transcode(source, tmp_path).encode().check()

    def test_a_rate_that_varies_and_a_long_pause_without_sound(self, tmp_path: Path) -> None:
        source = tmp_path / "slides.mkv"
        _ffmpeg(
            "-f lavfi -i testsrc2=s=160x90:r=25:d=8 -vf select='lt(t,2)+gt(t,5)' -fps_mode vfr"
            " -c:v libx264 -preset ultrafast -pix_fmt yuv420p", source,
        )  # fmt: skip

        assert Transcode(source, tmp_path).encode().check().frames == 124

    def test_a_file_that_does_not_begin_at_nought(self, tmp_path: Path) -> None:
        source = tmp_path / "recorded.mkv"
        _ffmpeg("-i", media("h264.mp4"), Path("-c"), Path("copy"), Path("-output_ts_offset"),
                Path("10"), source)  # fmt: skip

        assert Transcode(source, tmp_path).encode().check()

    def test_samples_of_a_long_broadcast_are_of_the_same_frames(self, tmp_path: Path) -> None:
        """Where a seek lands behind a key frame, other frames would be compared."""
        source = tmp_path / "broadcast.ts"
        _ffmpeg(
            "-f lavfi -i testsrc2=s=160x90:r=25:d=24 -c:v libx264 -preset ultrafast -g 100 -bf 2"
            " -pix_fmt yuv420p", source,
        )  # fmt: skip
        spec = replace(_SPEC, ssim_floor=0.5)

        quality = Transcode(source, tmp_path, spec).encode().check().quality

        assert quality is not None
        assert quality.samples == 5
        assert quality.ssim_worst is not None
        assert quality.ssim_worst > 0.95


class TestBrokenOutputs:
    """The source is sound: the blame is the output's."""

    def _refused(self, transcode: Transcode, **changed: Any) -> str:
        with pytest.raises(OutputRefused) as raised:
            transcode.check(**changed)
        assert not isinstance(raised.value, SourceDamaged)
        return raised.value.code

    def test_cut_off_behind_its_index(self, transcode: Transcode) -> None:
        size = transcode.output.stat().st_size
        os.truncate(transcode.output, size * 6 // 10)

        assert self._refused(transcode) == "output_short"

    def test_cut_off_before_its_index(self, transcode: Transcode, tmp_path: Path) -> None:
        transcode.output.write_bytes(truncated(tmp_path).read_bytes())

        assert self._refused(transcode) == "output_unreadable"

    def test_cut_off_as_matroska(self, clips: Callable[[str], Path], tmp_path: Path) -> None:
        transcode = Transcode(clips("clip.mp4"), tmp_path, _COPY).encode()
        os.truncate(transcode.output, transcode.output.stat().st_size * 6 // 10)

        assert self._refused(transcode) == "output_short"

    def test_flipped_bytes(self, transcode: Transcode) -> None:
        _flip(transcode.output, at=0.6)

        assert self._refused(transcode) == "output_damaged"

    def test_short_and_yet_whole_after_a_gentle_end(
        self, transcode: Transcode, tmp_path: Path
    ) -> None:
        """ffmpeg finishes the file when it is told to end: it plays, and lacks the rest."""
        line = command(
            transcode.plan, transcode.spec, transcode.plan.rungs[0], program=ffmpeg(),
            source=bytes(transcode.source), output=bytes(transcode.output),
        )  # fmt: skip
        at = line.index("-i")
        child = subprocess.Popen(
            [*line[:at], "-readrate", "1", *line[at:-1], "-progress", "pipe:1", line[-1]],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        assert child.stdout is not None
        for told in child.stdout:
            if told.startswith(b"out_time_us=") and told[12:-1].isdigit() and int(told[12:]) > 5e5:
                child.send_signal(signal.SIGTERM)
                break
        child.communicate()
        assert survey(bytes(transcode.output)).damage == ""

        assert self._refused(transcode, ended=None) == "output_short"

    @pytest.mark.parametrize(
        ("arguments", "code"),
        [
            ("-c copy -an -movflags +faststart", "output_streams"),
            ("-c copy", "output_index"),
            (
                "-c:a copy -vf setpts=PTS+0.5/TB -fps_mode vfr -movflags +faststart",
                "sound_shifted",
            ),
            # a segment that is missing: nothing is said of it, and the length is right
            (
                f"-af aselect='{_HOLE}' -vf select='{_HOLE}' -fps_mode vfr -movflags +faststart",
                "output_frames",
            ),
            (f"-c:v copy -af aselect='{_HOLE}' -movflags +faststart", "output_gap"),
            ("-c:v copy -af atrim=end=5 -movflags +faststart", "output_short"),
            ("-c:a copy -r 12 -movflags +faststart", "output_frames"),
            ("-c:a copy -vf scale=160:90 -movflags +faststart", "output_profile"),
        ],
    )
    def test_not_what_was_planned(
        self, transcode: Transcode, tmp_path: Path, arguments: str, code: str
    ) -> None:
        other = tmp_path / "other.mp4"
        _ffmpeg(f"-i {transcode.output} -preset ultrafast {arguments}", other)
        other.replace(transcode.output)

        assert self._refused(transcode) == code

    def test_empty_or_not_there(self, transcode: Transcode) -> None:
        transcode.output.write_bytes(b"")
        assert self._refused(transcode) == "output_unreadable"
        transcode.output.unlink()
        assert self._refused(transcode) == "output_unreadable"

    def test_larger_than_it_may_be(self, transcode: Transcode) -> None:
        spec = replace(transcode.spec, max_size_percent=1)

        assert self._refused(transcode, spec=spec) == "output_larger"

    def test_a_picture_that_has_little_in_common_with_the_source(
        self, transcode: Transcode, tmp_path: Path
    ) -> None:
        spec = replace(transcode.spec, ssim_floor=0.9)
        proof = transcode.check(spec=spec)
        assert proof.quality is not None
        assert proof.quality.ssim is not None
        assert proof.quality.ssim > 0.9

        other = tmp_path / "other.mp4"
        _ffmpeg(f"-i {transcode.output} -vf negate -c:a copy -movflags +faststart", other)
        other.replace(transcode.output)
        assert self._refused(transcode, spec=spec) == "output_quality"

    def test_a_source_that_is_another_by_now(self, transcode: Transcode) -> None:
        assert self._refused(transcode, source_bytes=17) == "source_changed"


class TestDamagedSources:
    """Outputs that are flawless, of sources that aren't: they must not take their places."""

    def _blamed(self, transcode: Transcode, **changed: Any) -> str:
        with pytest.raises(SourceDamaged) as raised:
            transcode.check(**changed)
        assert raised.value.code == "source_damaged"
        return str(raised.value)

    @pytest.mark.parametrize("name", ["clip.mp4", "clip.mkv"])
    def test_cut_off(self, clips: Callable[[str], Path], tmp_path: Path, name: str) -> None:
        source = tmp_path / name
        content = clips(name).read_bytes()
        source.write_bytes(content[: len(content) * 6 // 10])
        transcode = Transcode(source, tmp_path).encode()

        assert "although it claims to last 0:08" in self._blamed(transcode, ended=None)

    def test_flipped_bytes(self, clips: Callable[[str], Path], tmp_path: Path) -> None:
        """The encoder goes on as if nothing were wrong: only what was said on the way tells."""
        source = tmp_path / "clip.mp4"
        source.write_bytes(clips("clip.mp4").read_bytes())
        _flip(source, at=0.6)
        transcode = Transcode(source, tmp_path).encode()

        assert "can't be decoded" in self._blamed(transcode)

    def test_a_segment_that_is_missing(self, clips: Callable[[str], Path], tmp_path: Path) -> None:
        source = tmp_path / "holed.ts"
        for begin, end in [(0, 2), (6, 8)]:
            part = tmp_path / "part.ts"
            _ffmpeg(
                f"-ss {begin} -to {end} -copyts -i {clips('clip.mp4')} -c copy -muxdelay 0"
                " -avoid_negative_ts disabled -f mpegts", part,
            )  # fmt: skip
            with source.open("ab") as file:
                file.write(part.read_bytes())
        transcode = Transcode(source, tmp_path).encode()

        assert "neither picture nor sound from 0:02" in self._blamed(transcode)

    def test_oddities_in_what_was_said_are_no_damage(self, transcode: Transcode) -> None:
        assert transcode.ended is not None
        odd = replace(transcode.ended, lines=("[h264 @ 0x1] something about SEI",))

        proof = transcode.check(ended=odd)

        assert proof.notes == ("While it encoded, ffmpeg said: [h264 @ 0x1] something about SEI",)
