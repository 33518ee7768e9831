import subprocess
from pathlib import Path

import pytest

from apps.ffmpeg.demo import DemoFailed, make_demo
from apps.ffmpeg.messages import ProbeRequest, ProbeResult
from apps.ffmpeg.pool import MediaPool
from tests.media import demo_library, ffmpeg


@pytest.fixture(scope="module")
def demo() -> Path:
    return demo_library()


def _probed(folder: Path) -> dict[str, ProbeResult]:
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    with MediaPool(children=2) as pool:
        results = pool.run(ProbeRequest(key=path.name, path=bytes(path)) for path in paths)
        return {str(one.key): one for one in results if isinstance(one, ProbeResult)}


def test_shows_many_kinds_of_files(demo: Path) -> None:
    results = _probed(demo)
    facts = [result.facts for result in results.values() if result.facts]

    assert len(results) == 14
    assert {one.video_codec for one in facts} >= {"h264", "hevc", "vp9", "av1", "mpeg4", ""}
    assert {one.container for one in facts} >= {"mp4", "matroska", "webm", "avi", "mpegts", "mov"}
    assert {one.rotation for one in facts} == {0, 90}
    assert any((one.height or 0) > (one.width or 0) for one in facts)
    assert any(one.chapters and one.subtitle_tracks for one in facts)
    assert [result.error for result in results.values() if result.error] == ["moov_missing"]
    assert min(one.duration_ms or 0 for one in facts) <= 2100
    assert max(one.duration_ms or 0 for one in facts) >= 59_000


def test_what_is_there_is_left_alone(demo: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in demo.rglob("*")}

    made = make_demo(demo, ffmpeg=ffmpeg())

    assert {path: path.stat().st_mtime_ns for path in demo.rglob("*")} == before
    assert len(made) == 14


def test_can_be_stopped(tmp_path: Path) -> None:
    class Stopped(Exception):
        pass

    def stop(_done: int, _total: int | None = None, /, **_facts: object) -> None:
        raise Stopped

    with pytest.raises(Stopped):
        make_demo(tmp_path, ffmpeg=ffmpeg(), report=stop)

    assert list(tmp_path.iterdir()) == []


def test_a_program_that_makes_nothing_is_told(tmp_path: Path) -> None:
    with pytest.raises(DemoFailed):
        make_demo(tmp_path, ffmpeg="/bin/false")

    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_names_are_for_people(demo: Path) -> None:
    listed = subprocess.run(["find", demo, "-name", ".*"], capture_output=True, check=True)

    assert listed.stdout == b""
