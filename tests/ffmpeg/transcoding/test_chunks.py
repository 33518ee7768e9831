"""What is encoded in chunks has the frames of what is encoded whole, and its sound in its place."""

import os
import subprocess
from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.ffmpeg.transcoding.abilities import Abilities, Ability
from apps.ffmpeg.transcoding.boundaries import divide
from apps.ffmpeg.transcoding.checking import check
from apps.ffmpeg.transcoding.chunks import (
    Chunk,
    ChunkIncomplete,
    ChunksNotJoined,
    ChunksRefused,
    encode_chunk,
    join,
    plan_chunks,
)
from apps.ffmpeg.transcoding.commands.whole import command
from apps.ffmpeg.transcoding.planning import plan as make_plan
from apps.ffmpeg.transcoding.plans import Plan
from apps.ffmpeg.transcoding.running import encode
from apps.ffmpeg.transcoding.spec import Container, Spec, Speed, VideoCodec
from apps.ffmpeg.transcoding.surveying import survey
from tests.media import ffmpeg

_ABLE = Abilities(encoders=(Ability("libx264", "h264", encodes=True),))
_PICTURE = "-f lavfi -i testsrc2=s=160x90:r={rate}:d=4{filters} -f lavfi -i sine=r=48000:d={sound}"
_X264 = "-c:v libx264 -preset ultrafast -bf 2 -g 40 -pix_fmt yuv420p -c:a aac"
_MPEG2 = "-c:v mpeg2video -g 25 -bf 2 -q:v 5 -c:a mp2"
_OPEN = (
    "-c:v libx265 -preset ultrafast -x265-params"
    " log-level=none:keyint=30:bframes=3:open-gop=1 -pix_fmt yuv420p -c:a aac"
)
_UNEVEN = ",select='not(mod(n,7))+gt(n,120)*not(mod(n,3))+lt(n,40)'"
_SOURCES = {
    "constant.mp4": _PICTURE.format(rate="30000/1001", filters="", sound=4) + " " + _X264,
    "variable.mkv": _PICTURE.format(rate=50, filters=_UNEVEN, sound=4) + " -fps_mode vfr " + _X264,
    "open.mkv": _PICTURE.format(rate=25, filters="", sound=4) + " " + _OPEN,
    "interlaced.ts": _PICTURE.format(rate=50, filters=",tinterlace=interleave_top", sound=4)
    + " -flags +ildct+ilme -top 1 "
    + _MPEG2,
    "long.ts": _PICTURE.format(rate=25, filters="", sound=4) + " " + _X264.replace("40", "250"),
    "recorded.mkv": _PICTURE.format(rate=25, filters="", sound=4)
    + " -output_ts_offset 10 "
    + _X264,
    "late.mp4": _PICTURE.format(rate=25, filters=",setpts=PTS+0.52/TB", sound=3) + " " + _X264,
    "old.avi": _PICTURE.format(rate=25, filters="", sound=4)
    + " -c:v mpeg4 -bf 2 -g 50 -c:a libmp3lame",
}  # fmt: skip
_SMALL = Spec(max_height=64, speed=Speed.FASTEST, max_size_percent=None)


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Four seconds each."""
    folder = tmp_path_factory.mktemp("sources")

    def source(name: str) -> Path:
        path = folder / name
        if not path.exists():
            words = [ffmpeg(), "-v", "error", "-y", *_SOURCES[name].split(), str(path)]
            subprocess.run(words, check=True)
        return path

    return source


class Both:
    """One file transcoded whole and in chunks."""

    def __init__(self, source: Path, folder: Path, spec: Spec) -> None:
        self.source, self.spec, self.folder = bytes(source), spec, folder
        self.survey = survey(self.source)
        self.plan: Plan = make_plan(
            self.survey.facts, spec, size_bytes=self.survey.size_bytes, abilities=_ABLE
        )
        self.rung = self.plan.rungs[0]
        self.whole, self.joined = folder / "whole", folder / "joined"

    def encode_whole(self) -> None:
        line = command(
            self.plan, self.spec, self.rung, program=ffmpeg(), source=self.source,
            output=bytes(self.whole),
        )  # fmt: skip
        ended = encode(line, duration_ms=self.plan.duration_ms, output=bytes(self.whole))
        assert ended.returncode == 0, ended.lines

    def encode_chunks(self, *, each_s: float = 1.5) -> list[bytes]:
        paths = []
        for chunk in plan_chunks(self.source, self.plan, each_s=each_s):
            paths.append(bytes(self.folder / f"{chunk.number}.nut"))
            ended = encode_chunk(
                chunk, self.plan, self.spec, self.rung, program=ffmpeg(), source=self.source,
                output=paths[-1],
            )  # fmt: skip
            assert ended.returncode == 0, ended.lines
        return paths

    def join(self, paths: list[bytes]) -> None:
        ended = join(
            paths, self.plan, self.spec, program=ffmpeg(), source=self.source,
            output=bytes(self.joined),
        )  # fmt: skip
        assert (ended.returncode, ended.lines) == (0, ())


def _times(path: Path, kind: str) -> list[Fraction]:
    with av.open(path) as container:
        stream = next(one for one in container.streams if one.type == kind)
        return sorted(
            packet.pts * packet.time_base
            for packet in container.demux(stream)
            if packet.size and not packet.is_discard and packet.pts is not None
        )


@pytest.mark.parametrize("name", _SOURCES)
def test_chunks_come_to_what_the_whole_is(
    sources: Callable[[str], Path], tmp_path: Path, name: str
) -> None:
    both = Both(sources(name), tmp_path, _SMALL)
    both.encode_whole()

    paths = both.encode_chunks()
    both.join(paths)

    assert len(paths) == 3
    whole, joined = _times(both.whole, "video"), _times(both.joined, "video")
    # beside a broadcast's clock, which begins anywhere, the whole rounds and chunks needn't
    slack_s = 0.003 if name.endswith(".ts") else 0
    assert len(joined) == len(whole)
    assert max(abs(a - b) for a, b in zip(whole, joined, strict=True)) <= slack_s
    whole, joined = _times(both.whole, "audio"), _times(both.joined, "audio")
    assert len(joined) == len(whole)
    assert max(abs(a - b) for a, b in zip(whole, joined, strict=True)) <= 0.001
    assert check(
        source=both.source, output=bytes(both.joined), plan=both.plan, spec=both.spec,
        facts=both.survey.facts, source_bytes=both.survey.size_bytes, program=ffmpeg(),
    ).frames == len(_times(both.joined, "video"))  # fmt: skip


def test_a_lower_rate_in_chunks(sources: Callable[[str], Path], tmp_path: Path) -> None:
    spec = Spec(
        max_frame_rate=10.0, container=Container.MATROSKA, speed=Speed.FASTEST,
        max_size_percent=None,
    )  # fmt: skip
    both = Both(sources("variable.mkv"), tmp_path, spec)
    both.encode_whole()

    both.join(both.encode_chunks())

    whole, joined = _times(both.whole, "video"), _times(both.joined, "video")
    assert abs(len(joined) - len(whole)) <= 1  # the last may be shown once more
    assert max(abs(a - b) for a, b in zip(whole, joined, strict=False)) <= 0.001


class TestRefusals:
    def test_a_picture_that_is_copied_is_not_divided(
        self, sources: Callable[[str], Path], tmp_path: Path
    ) -> None:
        spec = Spec(video_codec=VideoCodec.COPY, container=Container.MATROSKA)
        both = Both(sources("constant.mp4"), tmp_path, spec)

        with pytest.raises(ChunksRefused, match="No picture is encoded"):
            plan_chunks(both.source, both.plan, each_s=1)

    def test_a_chunk_that_lacks_frames(
        self, sources: Callable[[str], Path], tmp_path: Path
    ) -> None:
        both = Both(sources("constant.mp4"), tmp_path, _SMALL)
        output = tmp_path / "chunk.nut"

        with pytest.raises(ChunkIncomplete, match=r"Chunk 2 has \d+ frames instead of 99"):
            encode_chunk(
                Chunk(1, 1.0, 2.0, 99), both.plan, both.spec, both.rung, program=ffmpeg(),
                source=both.source, output=bytes(output),
            )  # fmt: skip

        assert not output.exists()

    def test_chunks_in_the_wrong_order_or_of_different_encodings(
        self, sources: Callable[[str], Path], tmp_path: Path
    ) -> None:
        both = Both(sources("constant.mp4"), tmp_path, _SMALL)
        paths = both.encode_chunks(each_s=2.5)

        with pytest.raises(ChunksNotJoined, match="before the one before it ends"):
            both.join(paths[::-1])
        assert not both.joined.exists()

        other = Both(sources("constant.mp4"), tmp_path, Spec(max_height=48, speed=Speed.FASTEST))
        (tmp_path / "other").mkdir()
        other.folder = tmp_path / "other"
        with pytest.raises(ChunksNotJoined, match="differently"):
            both.join([paths[0], other.encode_chunks(each_s=2.5)[1]])

    def test_a_chunk_that_is_gone(self, sources: Callable[[str], Path], tmp_path: Path) -> None:
        both = Both(sources("constant.mp4"), tmp_path, _SMALL)
        paths = both.encode_chunks(each_s=2.5)
        os.unlink(paths[1])

        with pytest.raises(ChunksNotJoined):
            both.join(paths)
        assert not both.joined.exists()


class TestBoundaries:
    @given(
        st.lists(st.integers(1, 9_000), min_size=20, max_size=400),
        st.floats(0.2, 5.0),
    )
    def test_every_frame_lies_in_exactly_one_part(self, steps: list[int], each_s: float) -> None:
        at, times = 0, []
        for step in steps:
            times.append(Fraction(at, 90_000))
            at += step

        parts = divide(times, each_s=each_s, rate=None)

        assert parts[0][0] == 0
        assert parts[-1][1] is None
        assert all(one[1] == next_one[0] for one, next_one in pairwise(parts))
        counts = [
            sum(start <= time < (1e9 if end is None else end) for time in map(float, times))
            for start, end, _ in parts
        ]
        assert counts == [frames for _, _, frames in parts]
        assert sum(counts) == len(times)

    def test_an_even_rate_is_divided_between_its_own_frames(self) -> None:
        times = [Fraction(n, 50) for n in range(500)]

        parts = divide(times, each_s=2, rate=Fraction(25))

        assert [frames for _, _, frames in parts[:-1]] == [50] * 4
        assert parts[1][:2] == (pytest.approx(1.98), pytest.approx(3.98))
