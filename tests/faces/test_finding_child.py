"""Looking through real files in the child, which may crash, hang or run out of memory."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from apps.faces.finding.client import Finder, FinderBroken
from apps.faces.finding.messages import FindRequest, FindWay, Found
from tests.faces.clips import DEV_CLIP, IMAGES, still_clip
from tests.media import media, not_media

WAY = FindWay(engine="yunet-sface-1")
OBAMA = IMAGES / "barack_obama" / "obama.jpg"


@pytest.fixture(scope="module")
def finder() -> Iterator[Finder]:
    with Finder() as running:
        yield running


def find(finder: Finder, path: Path, way: FindWay = WAY) -> Found:
    return finder.find(FindRequest(os.fsencode(path), way))


def test_finds_who_is_in_a_video_and_when(finder: Finder) -> None:
    told: list[tuple[int, int]] = []

    found = finder.find(FindRequest(os.fsencode(DEV_CLIP), WAY), told=lambda *at: told.append(at))

    assert not found.error
    assert (found.engine, found.detector) == ("yunet-sface-1", "yunet-2023mar")
    assert told[-1][1] == found.frames == 8
    assert len(found.tracks) == 4
    assert found.faces == sum(len(track.times_ms) for track in found.tracks) == 11
    together = [track for track in found.tracks if 4_480 in track.times_ms]
    assert len(together) == 2  # two people of one frame
    for track in found.tracks:
        assert {shot.at_ms for shot in track.shots} <= set(track.times_ms)
        assert 1 <= len(track.shots) <= 5
        assert np.linalg.norm(track.vector) == pytest.approx(1, abs=1e-4)
    assert 0 < found.decode_ms < found.cpu_ms


def test_what_is_kept_can_be_compared_again(finder: Finder) -> None:
    best = max(find(finder, DEV_CLIP).tracks, key=lambda track: track.quality)

    vectors = finder.embed([best.shots[0].crop, b"no picture"], engine="yunet-sface-1")

    assert vectors[1] is None
    assert vectors[0] is not None
    assert float(vectors[0] @ best.vector) / np.linalg.norm(vectors[0]) > 0.85


@pytest.mark.parametrize(
    ("filters", "turn"),
    [("", 0), ("transpose=1", 90), ("transpose=2", 270), ("vflip,hflip", 180),
     ("scale=iw/2:ih,setsar=2/1", 0)],
)  # fmt: skip
def test_finds_a_face_however_it_is_stored(finder: Finder, filters: str, turn: int) -> None:
    straight = finder.find_in_image(os.fsencode(OBAMA), WAY).tracks[0]

    found = find(finder, still_clip("barack_obama", "obama.jpg", filters=filters, turn=turn))

    assert len(found.tracks) == 1
    assert float(found.tracks[0].vector @ straight.vector) > 0.8
    left, top, width, height = found.tracks[0].shots[0].box
    own = straight.shots[0].box
    assert (left, top, width, height) == pytest.approx(own, abs=0.05)


def test_passes_over_what_is_too_small_or_unclear(finder: Finder) -> None:
    assert not find(finder, DEV_CLIP, FindWay("yunet-sface-1", minimum_size_px=300)).tracks
    assert not find(finder, DEV_CLIP, FindWay("yunet-sface-1", minimum_norm=29)).tracks
    assert not find(finder, media("hevc10.mkv")).tracks
    assert not find(finder, media("hdr.mkv")).error


def test_looks_at_no_more_frames_than_it_may(finder: Finder) -> None:
    assert find(finder, DEV_CLIP, FindWay("yunet-sface-1", frames=3)).frames == 3


def test_finds_faces_in_pictures(finder: Finder, tmp_path: Path) -> None:
    nobody = IMAGES / "_noface" / "640px-IceBlockNearJoekullsarlon.jpg"
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(OBAMA.read_bytes()[:9_000])

    assert finder.find_in_image(os.fsencode(OBAMA), WAY).faces == 1
    assert finder.find_in_image(os.fsencode(nobody), WAY).faces == 0
    assert finder.find_in_image(os.fsencode(broken), WAY).error == "damaged"
    assert finder.find_in_image(os.fsencode(tmp_path / "none.jpg"), WAY).error == "vanished"
    assert finder.find_in_image(os.fsencode(media("h264.mp4")), WAY).error == "not_media"


@pytest.mark.parametrize(
    ("name", "code"),
    [("zero.mp4", "empty"), ("text.mp4", "not_media"), ("hls.mp4", "playlist_refused")],
)
def test_says_why_a_file_has_no_faces(
    finder: Finder, tmp_path: Path, name: str, code: str
) -> None:  # fmt: skip
    found = find(finder, not_media(name, tmp_path))

    assert found.error == code
    assert found.message


def test_a_file_that_is_cut_short_gives_what_it_has(finder: Finder, tmp_path: Path) -> None:
    cut = tmp_path / "cut.mkv"
    cut.write_bytes(media("hevc10.mkv").read_bytes()[:3_000])
    pid = finder.pid

    find(finder, cut)

    assert finder.pid == pid


def test_sound_has_no_picture(finder: Finder) -> None:
    assert find(finder, media("sound.mp3")).error == "no_picture"


def test_an_unknown_engine_is_no_crash(finder: Finder) -> None:
    assert find(finder, DEV_CLIP, FindWay("eigenfaces-1")).error == "unknown_face_engine"


def test_nothing_secret_goes_to_the_child(
    monkeypatch: pytest.MonkeyPatch, finder: Finder
) -> None:  # fmt: skip
    monkeypatch.setenv("MEDIAHUB_SECRET_KEY", "hidden")
    find(finder, media("h264.mp4"))
    assert finder.pid

    environment = Path(f"/proc/{finder.pid}/environ").read_bytes()

    names = {line.partition(b"=")[0].decode() for line in environment.split(b"\0") if line}
    assert names <= {"PATH", "LC_ALL", "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"}


def test_a_crash_costs_one_file_and_who_asks_may_end_it(finder: Finder) -> None:
    clip = still_clip("barack_obama", "obama.jpg")

    def kill(_done: int, _total: int) -> None:
        assert finder.pid
        os.kill(finder.pid, signal.SIGSEGV)

    crashed = finder.find(FindRequest(os.fsencode(clip), WAY), told=kill)

    assert crashed.error == "crashed"
    assert "signal 11" in crashed.message

    class Enough(Exception):
        """Raised by who was told of progress."""

    def stop(_done: int, _total: int) -> None:
        raise Enough

    with pytest.raises(Enough):
        finder.find(FindRequest(os.fsencode(clip), WAY), told=stop)
    assert finder.pid is None

    assert len(find(finder, clip).tracks) == 1


def test_a_hang_is_ended(finder: Finder, monkeypatch: pytest.MonkeyPatch) -> None:
    find(finder, media("h264.mp4"))
    assert finder.pid
    os.kill(finder.pid, signal.SIGSTOP)
    monkeypatch.setattr(finder, "_silence_s", 0.2)

    found = find(finder, media("h264.mp4"))

    assert found.error == "timed_out"
    assert finder.pid is None


def test_too_little_memory_costs_no_more_than_the_file() -> None:
    with Finder(memory_bytes=300 << 20) as small:
        found = find(small, DEV_CLIP)

    assert found.error in {"crashed", "out_of_memory"}


def test_a_child_that_does_not_start_is_told_of() -> None:
    with Finder(memory_bytes=1 << 70) as none, pytest.raises(FinderBroken):  # no limit
        find(none, DEV_CLIP)
