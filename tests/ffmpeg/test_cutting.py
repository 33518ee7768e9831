"""Cutting real files, checked with ffprobe and ffmpeg."""

import json
import subprocess
from dataclasses import asdict
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import pytest

from apps.ffmpeg.cutting.orders import MUXERS, CutFailed, Plan, plan_from
from apps.ffmpeg.cutting.runner import ask
from tests.media import ffmpeg, media

_SECONDS = 8
_AAC = "-c:a aac -b:a 64k"
_X265 = "-c:v libx265 -preset ultrafast -x265-params log-level=none:keyint=50:bframes=3"
_ENCODE = {
    "h264.mp4": f"-c:v libx264 -preset veryfast -g 50 -bf 3 {_AAC}",
    "h264.mkv": f"-c:v libx264 -preset veryfast -g 50 -bf 3 {_AAC}",
    "h264.ts": f"-c:v libx264 -preset veryfast -g 50 -bf 3 {_AAC}",
    "hevc.mp4": f"{_X265}:open-gop=0 -pix_fmt yuv420p -tag:v hvc1 {_AAC}",
    "open.mkv": f"{_X265}:open-gop=1 -pix_fmt yuv420p10le {_AAC}",
    "vp9.webm": "-c:v libvpx-vp9 -g 50 -deadline realtime -cpu-used 8 -b:v 1M -c:a libopus",
    "mpeg2.ts": "-c:v mpeg2video -g 25 -bf 2 -c:a mp2",
    "plain.mkv": "-c:v mpeg4 -g 50 -c:a mp2",
    "xvid.avi": "-c:v mpeg4 -bf 2 -g 50 -c:a libmp3lame",
}  # fmt: skip
_LIMITS: dict[str, Any] = {"silence_s": 30, "memory_bytes": 4 << 30}


@cache
def clip(folder: Path, name: str) -> Path:
    """Eight seconds, 25 pictures each, whose key frames are two seconds apart, or one."""
    path = folder / name
    command = [
        ffmpeg(), "-v", "error", "-y",
        "-f", "lavfi", "-i", f"testsrc2=s=160x90:r=25:d={_SECONDS}",
        "-f", "lavfi", "-i", f"sine=f=440:r=48000:d={_SECONDS}",
        *_ENCODE[name].split(), str(path),
    ]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True)
    return path


@pytest.fixture(scope="session")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("clips")


def plan(path: Path, *times_ms: int) -> Plan:
    return plan_from(ask("plan", path=str(path).encode(), times_ms=list(times_ms), **_LIMITS))


def write(path: Path, output: Path, start: int | None, end: int | None, mode: str) -> Any:
    return ask(
        "write", path=str(path).encode(), output=str(output).encode(),
        muxer=MUXERS[path.suffix[1:]], piece={"start": start, "end": end, "mode": mode}, **_LIMITS,
    )  # fmt: skip


def pieces(path: Path, folder: Path, times_ms: list[int], mode: str) -> list[Path]:
    cuts = plan(path, *times_ms).cuts
    edges = [None, *((c.key if mode == "copy" else c.frame) for c in cuts), None]
    made = []
    for number, (start, end) in enumerate(pairwise(edges)):
        made.append(folder / f"{number}{path.suffix}")
        write(path, made[-1], start, end, mode)
    return made


def frames(path: Path) -> list[float]:
    """When pictures are shown, in seconds, as ffprobe decodes them."""
    command = [
        "ffprobe", "-v", "error", "-select_streams", "v:0", "-show_entries",
        "frame=best_effort_timestamp_time", "-of", "json", path,
    ]  # fmt: skip
    done = subprocess.run(command, check=True, capture_output=True)
    assert not done.stderr
    shown = json.loads(done.stdout)["frames"]
    return [float(one["best_effort_timestamp_time"]) for one in shown]


def packets(path: Path, kind: str) -> list[str]:
    """A checksum of each packet of a kind of stream."""
    command = [
        "ffprobe", "-v", "error", "-select_streams", kind, "-show_data_hash", "md5",
        "-show_packets", "-show_entries", "packet=data_hash", "-of", "json", path,
    ]  # fmt: skip
    done = subprocess.run(command, check=True, capture_output=True)
    return [one["data_hash"] for one in json.loads(done.stdout)["packets"]]


@pytest.mark.parametrize("name", _ENCODE)
def test_lossless_pieces_hold_every_packet_once(clips: Path, tmp_path: Path, name: str) -> None:
    source = clip(clips, name)
    made = pieces(source, tmp_path, [2_700, 5_100], "copy")

    for kind in ("v", "a"):
        joined = [one for piece in made for one in packets(piece, kind)]
        assert joined == packets(source, kind)
    if name not in ("open.mkv", "mpeg2.ts", "xvid.avi"):  # whose pictures refer beyond the cut
        assert sum(len(frames(piece)) for piece in made) == len(frames(source))


@pytest.mark.parametrize("name", ["h264.mp4", "h264.mkv", "h264.ts", "hevc.mp4", "open.mkv",
                                  "vp9.webm"])  # fmt: skip
def test_exact_pieces_begin_with_the_very_frame(clips: Path, tmp_path: Path, name: str) -> None:
    source = clip(clips, name)
    shown = frames(source)
    times_ms = [1_480, 6_920]
    cuts = plan(source, *times_ms).cuts

    made = pieces(source, tmp_path, times_ms, "join")

    lengths = [len(frames(piece)) for piece in made]
    begin = min(shown[0], 0) if source.suffix != ".ts" else 1.4
    bounds = [round((t + begin) * 1_000) for t in (c.frame_ms / 1_000 for c in cuts)]
    expected = [sum(t * 1_000 < bounds[0] - 2 for t in shown),
                sum(bounds[0] - 2 <= t * 1_000 < bounds[1] - 2 for t in shown),
                sum(t * 1_000 >= bounds[1] - 2 for t in shown)]  # fmt: skip
    assert sum(lengths) == len(shown)
    assert max(abs(a - b) for a, b in zip(lengths, expected, strict=True)) <= (
        1 if source.suffix == ".ts" else 0
    )
    for piece in made:
        noise = subprocess.run(
            [ffmpeg(), "-v", "warning", "-i", piece, "-f", "null", "-"], capture_output=True
        )
        assert not noise.stderr


def test_only_the_edges_are_encoded(clips: Path, tmp_path: Path) -> None:
    source = clip(clips, "h264.mp4")
    cuts = plan(source, 1_480, 6_920).cuts

    told = write(source, tmp_path / "x.mp4", cuts[0].frame, cuts[1].frame, "join")

    assert (told["frames"], told["encoded"], told["note"]) == (136, 36, "")
    copied = set(packets(source, "v"))
    assert sum(one in copied for one in packets(tmp_path / "x.mp4", "v")) >= 98


def test_pictures_are_those_of_the_source(clips: Path, tmp_path: Path) -> None:
    """The edges are encoded anew, but show what the source does, in the same order."""
    source = clip(clips, "h264.mp4")
    made = pieces(source, tmp_path, [1_480, 6_920], "join")[1]
    graph = (
        "[1:v]trim=start_frame=37:end_frame=173,setpts=N/25/TB[s];"
        "[0:v]setpts=N/25/TB[m];[m][s]psnr=stats_file=-"
    )
    compared = subprocess.run(
        [ffmpeg(), "-i", made, "-i", source, "-lavfi", graph, "-f", "null", "-"],
        check=True, capture_output=True,
    ).stdout.decode()  # fmt: skip
    quality = [line.split("psnr_avg:")[1].split()[0] for line in compared.splitlines()]

    assert len(quality) == 136
    assert all(one == "inf" or float(one) > 38 for one in quality)


def test_sound_that_lies_far_behind_its_picture_is_kept(tmp_path: Path) -> None:
    source, far = clip(tmp_path, "plain.mkv"), tmp_path / "far.mkv"
    with (
        av.open(str(source)) as near,
        av.open(str(far), "w", options={"max_interleave_delta": "1"}) as made,
    ):
        streams = [made.add_stream_from_template(stream) for stream in near.streams]

        def later(packet: Any) -> Any:
            return packet.pts * packet.time_base + 6 * (packet.stream.type == "audio")

        for packet in sorted((p for p in near.demux() if p.size), key=later):
            packet.stream, packet.dts = streams[packet.stream_index], packet.pts
            made.mux_one(packet)

    cut = pieces(far, tmp_path, [2_700], "copy")

    assert [one for piece in cut for one in packets(piece, "a")] == packets(source, "a")
    assert ask("count", path=str(far).encode(), **_LIMITS) == {
        "frames": len(packets(source, "v")), "others": len(packets(source, "a")),
    }  # fmt: skip


def test_sound_files_may_have_several_tracks(tmp_path: Path) -> None:
    source = tmp_path / "two.m4a"
    command = [
        ffmpeg(), "-v", "error", "-f", "lavfi", "-i", "sine=r=44100:d=6",
        "-f", "lavfi", "-i", "sine=r=48000:d=6", "-map", "0", "-map", "1", "-c:a", "aac", source,
    ]  # fmt: skip
    subprocess.run(command, check=True)

    cut = pieces(source, tmp_path, [2_700], "copy")

    for kind in ("a:0", "a:1"):
        assert [one for piece in cut for one in packets(piece, kind)] == packets(source, kind)


def test_pieces_keep_turns_and_covers(tmp_path: Path) -> None:
    turned, cover = media("rotated90.mp4"), media("cover.m4a")
    write(turned, tmp_path / "x.mp4", None, plan(turned, 520).cuts[0].frame, "join")
    write(cover, tmp_path / "x.m4a", None, plan(cover, 900).cuts[0].key, "copy")

    def streams(path: Path) -> Any:
        command = ["ffprobe", "-v", "error", "-show_streams", "-of", "json", path]
        done = subprocess.run(command, check=True, capture_output=True)
        return json.loads(done.stdout)["streams"]

    assert streams(tmp_path / "x.mp4")[0]["side_data_list"][0]["rotation"] == 90
    assert [s["disposition"]["attached_pic"] for s in streams(tmp_path / "x.m4a")] == [0, 1]


def test_what_cannot_be_cut_is_said(clips: Path, tmp_path: Path) -> None:
    source = clip(clips, "h264.mp4")
    with pytest.raises(CutFailed) as failed:
        plan(source, 60_000)
    assert "nothing to cut at 60 s" in str(failed.value)
    (tmp_path / "list.mp4").write_text("#EXTM3U\n/etc/passwd\n" + "#" * 100)
    with pytest.raises(CutFailed) as failed:
        plan(tmp_path / "list.mp4", 1_000)
    assert failed.value.code == "playlist_refused"


def test_a_plan_survives_json(clips: Path) -> None:
    found = plan(clip(clips, "h264.mp4"), 1_480)

    assert [(c.key_ms, c.frame_ms) for c in found.cuts] == [(0, 1_480)]
    assert plan_from(json.loads(json.dumps(asdict(found)))) == found
