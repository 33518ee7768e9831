import hashlib
import os
import signal
import stat
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest

from apps.ffmpeg.binaries import find_binaries
from apps.ffmpeg.messages import MakeRequest, MakeResult, ProbeRequest, ProbeResult, Result
from apps.ffmpeg.pool import MediaPool, MediaPoolBroken
from tests.media import media, not_media, truncated

_FFPROBE = found.path if (found := find_binaries().ffprobe) else None


@pytest.fixture(scope="module")
def pool() -> Iterator[MediaPool]:
    with MediaPool(children=1, timeout_s=30, ffprobe=_FFPROBE) as pool:
        yield pool


def _probe(pool: MediaPool, path: Path | bytes, **wishes: bool) -> ProbeResult:
    request = ProbeRequest(key=path, path=bytes(path), **wishes)  # type: ignore[arg-type]
    (result,) = pool.run([request])
    assert isinstance(result, ProbeResult)
    assert result.key == path
    return result


def _requests(count: int) -> list[ProbeRequest]:
    return [ProbeRequest(key=key, path=bytes(media("h264.mp4"))) for key in range(count)]


def test_gives_facts_fingerprints_and_what_stat_says(pool: MediaPool) -> None:
    path = media("h264.mp4")
    there = path.stat()

    result = _probe(pool, path, want_md5=True)

    assert result.facts is not None
    assert (result.facts.video_codec, result.error, result.message) == ("h264", "", "")
    assert result.stat is not None
    assert (result.stat.size, result.stat.mtime_ns) == (there.st_size, there.st_mtime_ns)
    assert (result.stat.inode, result.stat.device) == (there.st_ino, there.st_dev)
    assert result.md5 == hashlib.md5(path.read_bytes()).hexdigest()
    assert (len(result.oshash), len(result.content)) == (16, 32)


@pytest.mark.skipif(_FFPROBE is None, reason="no ffprobe on this machine")
def test_ffprobe_can_be_asked_instead(pool: MediaPool) -> None:
    result = _probe(pool, media("vp9.webm"), use_av=False)

    assert result.facts is not None
    assert (result.facts.video_codec, result.facts.container) == ("vp9", "webm")


@pytest.mark.skipif(_FFPROBE is None, reason="no ffprobe on this machine")
def test_what_pyav_cannot_tell_ffprobe_does(pool: MediaPool, tmp_path: Path) -> None:
    path = tmp_path / "unknown.mp4"
    path.write_bytes(media("h264.mp4").read_bytes().replace(b"avc1", b"zzz9"))

    result = _probe(pool, path)

    assert result.facts is not None
    assert (result.facts.video_codec, result.facts.width) == ("", 160)
    assert result.facts.audio_codec == "aac"


@pytest.mark.parametrize("use_av", [True, False])
@pytest.mark.parametrize(
    ("name", "error"),
    [("zero.mp4", "empty"), ("seven.avi", "too_small"), ("text.mp4", "not_media"),
     ("random.mp4", "not_media"), ("hls.mp4", "playlist_refused"),
     ("hls.m3u8", "playlist_refused"), ("concat.mkv", "playlist_refused"),
     ("sdp.mp4", "playlist_refused"), ("deep.mp4", "damaged")],
)  # fmt: skip
def test_what_is_no_media_ends_in_a_named_reason(
    name: str, error: str, use_av: bool, pool: MediaPool, tmp_path: Path
) -> None:
    if not use_av and _FFPROBE is None:
        pytest.skip("no ffprobe on this machine")

    result = _probe(pool, not_media(name, tmp_path), use_av=use_av)

    assert (result.error, result.facts) == (error, None)
    assert result.message.endswith(".")
    assert result.stat is not None


def test_a_file_cut_short_still_has_fingerprints(pool: MediaPool, tmp_path: Path) -> None:
    result = _probe(pool, truncated(tmp_path))

    assert result.error == "moov_missing"
    assert result.oshash
    assert result.content


def test_only_regular_files_are_opened(pool: MediaPool, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.mp4")
    (tmp_path / "folder.mp4").mkdir()
    (tmp_path / "dangling.mp4").symlink_to("nowhere")
    (tmp_path / "itself.mp4").symlink_to("itself.mp4")

    found = {name: _probe(pool, tmp_path / name).error for name in sorted(os.listdir(tmp_path))}

    assert found == {
        "dangling.mp4": "vanished",
        "folder.mp4": "not_a_file",
        "itself.mp4": "read_error",
        "pipe.mp4": "not_a_file",
    }
    assert _probe(pool, Path("/dev/zero")).error == "not_a_file"
    assert _probe(pool, b"/nul\0l.mp4").error == "not_a_file"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_named_so(pool: MediaPool, tmp_path: Path) -> None:
    path = tmp_path / "secret.mp4"
    path.write_bytes(b"x" * 100)
    path.chmod(0)

    assert _probe(pool, path).error == "unreadable"


@pytest.mark.parametrize(
    "name",
    [b"bad \xff\xfe.mp4", b"new\nline.mp4", b"-dash.mp4", b"http:x.mp4", b"concat:a|b.mp4",
     b"%03d.mp4", b"file:with.mp4", "日本語 🎬.mp4".encode(), b"a" * 250 + b".mp4"],
)  # fmt: skip
@pytest.mark.parametrize("use_av", [True, False])
def test_no_name_is_too_strange(name: bytes, use_av: bool, pool: MediaPool, tmp_path: Path) -> None:
    if not use_av and _FFPROBE is None:
        pytest.skip("no ffprobe on this machine")
    path = os.path.join(bytes(tmp_path), name)
    os.link(media("h264.mp4"), path) if _same_disk(tmp_path) else _copy(path)

    result = _probe(pool, path, use_av=use_av)

    assert (result.error, result.facts and result.facts.video_codec) == ("", "h264")


def _same_disk(folder: Path) -> bool:
    return folder.stat().st_dev == media("h264.mp4").stat().st_dev


def _copy(path: bytes) -> None:
    with open(path, "wb") as file:
        file.write(media("h264.mp4").read_bytes())


def test_every_request_is_answered_once() -> None:
    with MediaPool(children=2) as pool:
        results = list(pool.run(_requests(200)))

    assert sorted(result.key for result in results) == list(range(200))
    assert not any(result.error for result in results)


def test_no_request_needs_no_child(pool: MediaPool) -> None:
    with MediaPool() as unused:
        assert list(unused.run([])) == []
        assert unused.pids() == []


def test_requests_are_taken_only_as_they_are_needed() -> None:
    taken: list[int] = []

    def endless() -> Iterator[ProbeRequest]:
        while True:
            taken.append(1)
            yield ProbeRequest(key=None, path=bytes(media("h264.mp4")))

    with MediaPool(children=2) as pool:
        assert len(list(islice(pool.run(endless()), 100))) == 100

    assert len(taken) <= 100 + 2 * 40


def test_a_run_may_be_given_up_and_the_pool_used_again() -> None:
    with MediaPool(children=2) as pool:
        running = pool.run(_requests(100))
        next(running)
        running.close()  # type: ignore[attr-defined]

        assert {result.key for result in pool.run(_requests(5))} == set(range(5))


def _disturbed(pool: MediaPool, count: int, number: signal.Signals) -> Iterator[ProbeRequest]:
    """Requests, and midway a signal to the one child just before it gets its next batch."""
    for request in _requests(count):
        if request.key == 16:
            os.kill(pool.pids()[0], number)
        yield request


def _errors(results: list[Result]) -> Counter[str]:
    return Counter(result.error for result in results)


def test_a_crash_costs_one_file() -> None:
    with MediaPool(children=1) as pool:
        results = list(pool.run(_disturbed(pool, 60, signal.SIGSEGV)))

    assert sorted(result.key for result in results) == list(range(60))
    assert _errors(results) == {"": 59, "crashed": 1}


def test_a_crash_names_the_signal() -> None:
    with MediaPool(children=1) as pool:
        results = list(pool.run(_disturbed(pool, 30, signal.SIGABRT)))

    (crashed,) = [result for result in results if result.error]
    assert "signal 6" in crashed.message


def test_a_child_that_hangs_costs_one_file_and_its_time() -> None:
    with MediaPool(children=1, timeout_s=2) as pool:  # each of the others takes some ms
        begun = time.monotonic()
        results = list(pool.run(_disturbed(pool, 60, signal.SIGSTOP)))

    assert _errors(results) == {"": 59, "timed_out": 1}
    assert 2 <= time.monotonic() - begun < 20


def test_others_go_on_while_one_child_hangs() -> None:
    with MediaPool(children=2, timeout_s=1) as pool:
        list(pool.run(_requests(60)))  # both have started
        results = list(pool.run(_disturbed(pool, 200, signal.SIGSTOP)))

    assert _errors(results) == {"": 199, "timed_out": 1}
    assert [result.error for result in results].index("timed_out") > 50


def test_children_that_cannot_start_are_no_fault_of_the_files(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")

    with MediaPool(children=1) as pool, pytest.raises(MediaPoolBroken):
        list(pool.run(_requests(3)))


def test_a_child_without_memory_says_so_or_is_replaced() -> None:
    large = media("hevc.mp4")
    wishes: dict[str, dict[str, object]] = {"phash": {}}
    request = MakeRequest(key=1, path=bytes(large), folder=b"/nowhere", wishes=wishes)
    with MediaPool(children=1, memory_bytes=1 << 20) as pool:
        (result,) = pool.run([request])

    assert isinstance(result, MakeResult)
    assert (result.error or result.made[0].error) in ("out_of_memory", "crashed", "undecodable")


def test_children_end_with_the_pool() -> None:
    with MediaPool(children=2) as pool:
        list(pool.run(_requests(40)))
        pids = pool.pids()

    assert pids
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids)


def test_children_know_none_of_our_secrets_and_are_killed_first_when_memory_is_short(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MEDIAHUB_SECRET_KEY", "do not tell")
    with MediaPool(children=1) as pool:
        list(pool.run(_requests(1)))
        proc = Path(f"/proc/{pool.pids()[0]}")

        assert b"do not tell" not in (proc / "environ").read_bytes()
        assert (proc / "oom_score_adj").read_text() == "1000\n"
        limits = (proc / "limits").read_text()
        assert str(3 << 30) in limits
        assert stat.S_ISFIFO((proc / "fd" / "0").stat().st_mode)


def test_probes_and_makings_may_be_mixed(tmp_path: Path) -> None:
    cover = MakeRequest(
        key="cover",
        path=bytes(media("h264.mp4")),
        folder=bytes(tmp_path),
        wishes={"cover": {"sizes": {"card": (80, 80)}}},
    )
    with MediaPool(children=1) as pool:
        results = {result.key: result for result in pool.run([cover, *_requests(2)])}

    assert {key: result.error for key, result in results.items()} == {"cover": "", 0: "", 1: ""}


def test_children_load_no_django() -> None:
    script = "import sys, apps.ffmpeg.child; print('django' in sys.modules, 'av' in sys.modules)"

    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)

    assert ended.stdout == b"False True\n"
