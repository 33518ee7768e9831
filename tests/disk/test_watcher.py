"""The watching process, on real inotify."""

import os
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from apps.disk.watch_reader import Watcher, WatchOrder

SETTLE_S = 0.3
RULES: dict[str, Any] = {
    "extensions": ["mp4", "wav"],
    "include": [],
    "exclude": ["excluded/"],
    "ignore": ["*.part", ".tmp/"],
}


class Watch:
    """A watching process, and all it has said since the last question."""

    def __init__(self, root: Path, *, settle_s: float = SETTLE_S, timeout_s: float = 20) -> None:
        order = WatchOrder(os.fsencode(root), RULES, settle_s, timeout_s)
        self.root = root
        self.watcher = Watcher(order)
        self.frames: list[tuple[Any, ...]] = []

    def until(self, condition: Callable[[], bool], *, limit_s: float = 20) -> None:
        deadline = time.monotonic() + limit_s
        while not condition():
            assert time.monotonic() < deadline, f"waited in vain; heard {self.frames[-20:]}"
            assert not self.watcher.ended, f"ended; heard {self.frames[-20:]}"
            select.select([self.watcher.fd], [], [], 0.2)
            self.frames += [f for f in self.watcher.heard() if f != ("alive",)]

    def said(self, kind: str) -> tuple[Any, ...] | None:
        return next((frame for frame in self.frames if frame[0] == kind), None)

    def hears(self, kind: str) -> tuple[Any, ...]:
        """Wait for a frame; forget all up to it."""
        self.until(lambda: self.said(kind) is not None)
        frame = self.said(kind)
        assert frame is not None
        del self.frames[: self.frames.index(frame) + 1]
        return frame

    @property
    def changes(self) -> list[tuple[bytes, bool]]:
        told = [frame[1] for frame in self.frames if frame[0] == "changed"]
        return [tuple(change) for changes in told for change in changes]

    def tells(self, *paths: str, folders: bool = False) -> float:
        """Wait until just these paths were told, each once; return when (monotonic)."""
        wanted = sorted((os.fsencode(path), folders) for path in paths)
        self.until(lambda: len(self.changes) >= len(wanted))
        heard_at = time.monotonic()
        self.settles()
        assert sorted(self.changes) == wanted
        self.frames.clear()
        return heard_at

    def settles(self) -> None:
        """Wait until what happens before now was told: a mark comes last."""
        mark = self.root / "mark.mp4"
        mark.unlink(missing_ok=True)
        for _ in range(2):  # its coming is told after all that was written before, its going later
            before = len(self.changes)
            if mark.exists():
                mark.unlink()
            else:
                mark.write_bytes(b"x")
            self.until(lambda: (b"mark.mp4", False) in self.changes[before:])  # noqa: B023
        for frame in self.frames:
            if frame[0] == "changed":
                frame[1][:] = [c for c in frame[1] if c[0] != b"mark.mp4"]


Start = Callable[..., Watch]


@pytest.fixture
def start() -> Iterator[Start]:
    started: list[Watch] = []

    def one(root: Path, **options: Any) -> Watch:
        started.append(Watch(root, **options))
        return started[-1]

    yield one
    for each in started:
        each.watcher.end()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "shelf" / "box").mkdir(parents=True)
    (tmp_path / "shelf" / "old.mp4").write_bytes(b"old")
    aged = time.time() - 1_000
    os.utime(tmp_path / "shelf" / "old.mp4", (aged, aged))
    return tmp_path


@pytest.fixture
def watch(start: Start, root: Path) -> Watch:
    watch = start(root)
    assert watch.hears("ready") == ("ready", 3)
    return watch


class TestFiles:
    def test_tells_a_new_file_once_it_stands_still(self, watch: Watch, root: Path) -> None:
        (root / "shelf" / "new.mp4").write_bytes(b"new")
        written_at = time.monotonic()

        heard_at = watch.tells("shelf/new.mp4")

        assert SETTLE_S - 0.05 < heard_at - written_at < SETTLE_S + 2

    def test_waits_for_the_last_piece(self, watch: Watch, root: Path) -> None:
        for piece in range(6):  # each opens the file anew, as downloaders do
            with (root / "slow.mp4").open("ab") as file:
                file.write(bytes(1_000))
            written_at = time.monotonic()
            if piece < 5:
                time.sleep(SETTLE_S / 2)

        assert watch.tells("slow.mp4") - written_at > SETTLE_S - 0.05

    def test_leaves_alone_what_is_open_for_writing(self, watch: Watch, root: Path) -> None:
        with (root / "open.mp4").open("wb") as file:
            file.write(b"x")
            file.flush()
            (root / "other.mp4").write_bytes(b"x")
            watch.until(lambda: (b"other.mp4", False) in watch.changes)
            time.sleep(3 * SETTLE_S)
            assert (b"open.mp4", False) not in watch.changes
            watch.frames.clear()

        watch.tells("open.mp4")

    def test_a_second_hard_link_is_not_taken_for_open(self, watch: Watch, root: Path) -> None:
        (root / "link.mp4").hardlink_to(root / "shelf" / "old.mp4")

        watch.tells("link.mp4", *(["shelf/old.mp4"] if "shelf/old.mp4" in _told(watch) else []))

    def test_follows_a_file_that_is_renamed_while_it_arrives(
        self, watch: Watch, root: Path
    ) -> None:
        with (root / "before.mp4").open("wb") as file:
            file.write(b"one")
            file.flush()
            (root / "before.mp4").rename(root / "shelf" / "after.mp4")
            time.sleep(2 * SETTLE_S)
            file.write(b"two")

        watch.tells("before.mp4", "shelf/after.mp4")

    def test_takes_a_file_by_its_final_name(self, watch: Watch, root: Path) -> None:
        (root / "film.mp4.part").write_bytes(b"x")
        (root / "film.mp4.part").rename(root / "film.mp4")

        watch.tells("film.mp4")

    def test_a_finished_file_needs_no_settling_when_it_is_renamed(
        self, start: Start, root: Path
    ) -> None:
        watch = start(root, settle_s=30)
        watch.hears("ready")

        (root / "shelf" / "old.mp4").rename(root / "new.mp4")

        watch.until(lambda: bool(watch.changes), limit_s=10)
        assert watch.changes == [(b"shelf/old.mp4", False), (b"new.mp4", False)]

    def test_names_that_are_swapped_are_told_together(self, watch: Watch, root: Path) -> None:
        old = root / "shelf" / "old.mp4"
        shutil.copy2(old, root / "b.mp4")
        watch.until(lambda: bool(watch.changes))
        watch.frames.clear()

        old.rename(root / "c.mp4")
        (root / "b.mp4").rename(old)
        (root / "c.mp4").rename(root / "b.mp4")

        watch.until(lambda: bool(watch.changes))
        (frame,) = watch.frames
        assert {path for path, _ in frame[1]} >= {b"shelf/old.mp4", b"b.mp4"}

    def test_tells_what_was_deleted_and_what_was_written_anew(
        self, watch: Watch, root: Path
    ) -> None:
        (root / "shelf" / "old.mp4").unlink()
        watch.tells("shelf/old.mp4")

        (root / "shelf" / "old.mp4").write_bytes(b"1")
        watch.until(lambda: bool(watch.changes))
        watch.frames.clear()
        (root / "shelf" / "old.mp4").unlink()
        (root / "shelf" / "old.mp4").write_bytes(b"2")
        watch.tells("shelf/old.mp4")

    def test_says_nothing_of_what_isnt_taken_in(self, watch: Watch, root: Path) -> None:
        (root / "notes.txt").write_text("x")
        (root / "film.mp4.part").write_bytes(b"x")
        (root / "excluded").mkdir()
        (root / "excluded" / "film.mp4").write_bytes(b"x")
        (root / "film.mp4").write_bytes(b"x")

        watch.tells("film.mp4")

    def test_takes_a_file_dated_in_the_future(self, watch: Watch, root: Path) -> None:
        file = root / "future.mp4"
        file.write_bytes(b"x")
        os.utime(file, (4e9, 4e9))

        watch.tells("future.mp4")

    def test_hears_of_names_that_are_no_text(self, watch: Watch, root: Path) -> None:
        name = b"caf\xe9\n.mp4"
        Path(os.fsdecode(os.fsencode(root) + b"/" + name)).write_bytes(b"x")

        watch.tells(os.fsdecode(name))


class TestFolders:
    def test_sees_into_a_deep_tree_that_is_made_at_once(self, watch: Watch, root: Path) -> None:
        for number in range(20):
            folder = root / f"new{number}" / "a" / "b" / "c" / "d"
            folder.mkdir(parents=True)
            (folder / "film.mp4").write_bytes(b"x")

        watch.tells(*(f"new{number}/a/b/c/d/film.mp4" for number in range(20)))

        (root / "new3" / "a" / "b" / "c" / "d" / "late.mp4").write_bytes(b"x")
        watch.tells("new3/a/b/c/d/late.mp4")

    def test_tells_a_renamed_folder_and_goes_on_in_it(self, watch: Watch, root: Path) -> None:
        (root / "shelf").rename(root / "case")
        watch.tells("shelf", "case", folders=True)

        (root / "case" / "box" / "film.mp4").write_bytes(b"x")
        watch.tells("case/box/film.mp4")

    def test_a_file_keeps_arriving_while_its_folder_is_renamed(
        self, watch: Watch, root: Path
    ) -> None:
        with (root / "shelf" / "box" / "film.mp4").open("wb") as file:
            file.write(b"one")
            file.flush()
            (root / "shelf").rename(root / "case")
            file.write(b"two")

        watch.until(lambda: len(watch.changes) >= 3)
        assert watch.changes == [
            (b"shelf", True), (b"case", True), (b"case/box/film.mp4", False),
        ]  # fmt: skip

    def test_tells_a_folder_that_is_moved_in_and_watches_it(
        self, watch: Watch, root: Path, tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        outside = tmp_path_factory.mktemp("outside")
        (outside / "in" / "deep").mkdir(parents=True)
        shutil.copy2(root / "shelf" / "old.mp4", outside / "in" / "deep" / "film.mp4")
        (outside / "in").rename(root / "in")
        watch.tells("in", folders=True)

        (root / "in" / "deep" / "film2.mp4").write_bytes(b"x")
        watch.tells("in/deep/film2.mp4")

    def test_lets_go_of_a_folder_that_is_moved_out(
        self, watch: Watch, root: Path, tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        outside = tmp_path_factory.mktemp("outside")
        (root / "shelf").rename(outside / "shelf")
        watch.tells("shelf", folders=True)

        (outside / "shelf" / "film.mp4").write_bytes(b"x")
        watch.settles()
        assert watch.changes == []

    def test_tells_folders_that_are_deleted(self, watch: Watch, root: Path) -> None:
        shutil.rmtree(root / "shelf")

        watch.until(lambda: (b"shelf", True) in watch.changes)
        assert {path for path, _ in watch.changes} == {b"shelf/old.mp4", b"shelf/box", b"shelf"}

    def test_a_folder_can_go_and_come_again(self, watch: Watch, root: Path) -> None:
        for _ in range(3):
            shutil.rmtree(root / "shelf")
            (root / "shelf").mkdir()
        (root / "shelf" / "film.mp4").write_bytes(b"x")

        watch.until(lambda: (b"shelf/film.mp4", False) in watch.changes)

    def test_follows_no_links(
        self, watch: Watch, root: Path, tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        outside = tmp_path_factory.mktemp("outside")
        (root / "link").symlink_to(outside)
        (outside / "film.mp4").write_bytes(b"x")

        watch.settles()
        assert watch.changes == []


class TestTrouble:
    def test_tells_of_an_overflow_and_starts_anew(self, watch: Watch, root: Path) -> None:
        os.killpg(watch.watcher.pid, signal.SIGSTOP)
        most = int(Path("/proc/sys/fs/inotify/max_queued_events").read_text())
        for number in range(most // 2 + 10):  # each is made and deleted
            (root / f"{number}.txt").touch()
            (root / f"{number}.txt").unlink()
        (root / "unseen").mkdir()
        os.killpg(watch.watcher.pid, signal.SIGCONT)

        watch.hears("overflow")
        assert watch.hears("ready") == ("ready", 4)
        (root / "unseen" / "film.mp4").write_bytes(b"x")
        watch.until(lambda: (b"unseen/film.mp4", False) in watch.changes)

    def test_a_root_that_is_deleted_is_lost(self, watch: Watch, root: Path) -> None:
        shutil.rmtree(root)

        assert watch.hears("lost") == ("lost", "was deleted")

    def test_a_root_that_is_renamed_is_lost(self, watch: Watch, root: Path) -> None:
        root.rename(root.with_name("elsewhere"))

        assert watch.hears("lost") == ("lost", "was renamed")

    def test_notices_another_folder_in_place_of_a_parent(self, start: Start, root: Path) -> None:
        watch = start(root / "shelf", timeout_s=1)
        watch.hears("ready")
        box = root / "shelf" / "box"
        deep = start(box, timeout_s=1)
        deep.hears("ready")

        (root / "shelf").rename(root / "case")
        box.mkdir(parents=True)

        assert deep.hears("lost") == ("lost", "is another folder or disk now")

    def test_a_root_that_isnt_there_is_lost(self, start: Start, tmp_path: Path) -> None:
        assert start(tmp_path / "nowhere").hears("lost") == ("lost", "No such file or directory")

    def test_is_silent_when_its_disk_hangs(self, start: Start, root: Path) -> None:
        watch = start(root, timeout_s=1)
        watch.hears("ready")
        assert not watch.watcher.silent

        os.killpg(watch.watcher.pid, signal.SIGSTOP)

        deadline = time.monotonic() + 10
        while not watch.watcher.silent:
            assert time.monotonic() < deadline
            watch.watcher.heard()
            time.sleep(0.05)
        watch.watcher.end()
        assert not watch.watcher.lingers

    def test_ends_with_its_reader(self, watch: Watch) -> None:
        watch.watcher._process.stdin.close()  # type: ignore[union-attr]

        assert watch.watcher._process.wait(timeout=10) == 0

    def test_tells_how_many_watches_it_takes(self, root: Path) -> None:
        heard = _in_namespace(root, "echo 2 > /proc/sys/user/max_inotify_watches")

        assert heard[-1] == ("limit", "max_user_watches", 3, _allowed("max_user_watches"))

    def test_tells_that_there_are_too_many_instances(self, root: Path) -> None:
        heard = _in_namespace(root, "echo 0 > /proc/sys/user/max_inotify_instances")

        assert heard[-1] == ("limit", "max_user_instances", 0, _allowed("max_user_instances"))

    def test_hears_of_an_unmount(self, root: Path) -> None:
        script = f"mount -t tmpfs none {root}; mkdir {root}/box; {_PRINT} {root} 'umount {root}'"

        heard = _unshared(["unshare", "-m"], script)

        assert heard[-2:] == [("ready", 2), ("lost", "was unmounted")]


_PRINT = f"{sys.executable} -m tests.disk.hear"


def _in_namespace(root: Path, limit: str) -> list[tuple[Any, ...]]:
    return _unshared(["unshare", "-U", "-r", "-m"], f"{limit} && {_PRINT} {root} true")


def _unshared(prefix: list[str], script: str) -> list[tuple[Any, ...]]:
    if subprocess.run([*prefix, "true"], capture_output=True).returncode:
        pytest.skip("this machine permits no namespaces of our own")
    done = subprocess.run([*prefix, "sh", "-ec", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return [eval(line) for line in done.stdout.splitlines()]


def _allowed(name: str) -> int:
    return int(Path(f"/proc/sys/fs/inotify/{name}").read_text())


def _told(watch: Watch) -> set[str]:
    watch.settles()
    return {os.fsdecode(path) for path, _ in watch.changes}
