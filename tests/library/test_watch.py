"""The watch over libraries, on real inotify and a real database."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from pytest_django import Settings

from apps.disk.watch_mounts import allowed_by_kernel
from apps.jobs.models import Job
from apps.library.choices import ScanKind, WatchState
from apps.library.models import File, Library, Scan, Video
from apps.library.services.libraries import add_library, due_for_scan
from apps.library.services.scan import scan_library
from apps.library.services.watch import WatchRunning, dirty, library, watch_libraries
from apps.library.services.watch.scans import Ended, Outcome, SmallScans
from tests.factories import NOON, make_library
from tests.rigs.media import sound_alike
from tests.rigs.mounts import Mounts, need_fuse, own_mounts
from tests.sounds import write_wav

ROOT = Path(__file__).parents[2]


class Service:
    """The watch in a thread; ``asked`` are the scans that it wanted from jobs."""

    def __init__(self) -> None:
        self.asked: list[tuple[int, list[str]]] = []
        self.comparisons: list[Library] = []
        self.answer = True
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        watch_libraries(
            stop=self._stop, request_scan=self._request_scan,
            request_comparison=self.comparisons.append,
        )  # fmt: skip

    def _request_scan(self, library: Library, *, paths: Sequence[str] = ()) -> bool:
        self.asked.append((library.pk, list(paths)))
        return self.answer

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()


def until(condition: Callable[[], object], *, limit_s: float = 30) -> None:
    deadline = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)


def is_in(library: Library, state: WatchState) -> bool:
    library.refresh_from_db()
    return library.watch_state == state


def paths() -> set[str]:
    return set(File.objects.present().values_list("path", flat=True))


def watcher_pids() -> list[int]:
    """The watching processes that this one has started."""
    found = []
    for folder in Path("/proc/self/task").iterdir():
        found += [int(pid) for pid in (folder / "children").read_text().split()]
    return [p for p in found if b"apps.disk.watcher" in Path(f"/proc/{p}/cmdline").read_bytes()]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write_wav(tmp_path / "films" / "shelf" / "one.wav", tone_hz=100)
    os.utime(tmp_path / "films" / "shelf" / "one.wav", (1e9, 1e9))
    return tmp_path / "films"


@pytest.fixture
def service(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    settings.MEDIAHUB_SETTLE_SECONDS = 0.3
    monkeypatch.setattr(library, "_FIRST_PAUSE_S", 0.2)
    service = Service()
    yield service
    service.stop()


@pytest.fixture
def films(transactional_db: None, root: Path, service: Service) -> Library:
    """A library that is watched."""
    films = add_library(root)
    until(lambda: is_in(films, WatchState.WATCHING))
    until(lambda: service.asked)
    return films


class TestWatching:
    def test_asks_for_a_scan_of_what_came_before_it(self, films: Library, service: Service) -> None:
        assert service.asked == [(films.pk, [])]
        assert films.watch_detail == "2 folders"
        assert films.watch_seen_at

    def test_follows_files_as_they_come_move_and_go(self, films: Library, root: Path) -> None:
        write_wav(root / "new" / "two.wav", tone_hz=200)
        until(lambda: paths() == {"new/two.wav"})
        video = Video.objects.get()

        (root / "new" / "two.wav").rename(root / "second.wav")
        until(lambda: paths() == {"second.wav"})
        assert Video.objects.get() == video

        (root / "second.wav").rename(root / "new" / "second.wav")
        (root / "new").rename(root / "old")
        until(lambda: paths() == {"old/second.wav"})
        assert Video.objects.get() == video

        (root / "old" / "second.wav").unlink()
        until(lambda: not paths())
        assert set(Scan.objects.values_list("kind", flat=True)) == {ScanKind.WATCH}

    def test_takes_names_that_are_no_text(self, films: Library, root: Path) -> None:
        folder = os.fsencode(root) + b"/caf\xe9"
        os.mkdir(folder)
        write_wav(folder + b"/\xff\n.wav")

        until(lambda: paths() == {"caf\\xe9/\\xff\n.wav"})

    def test_looks_no_further_than_what_has_changed(self, films: Library, root: Path) -> None:
        write_wav(root / "a" / "two.wav", tone_hz=200)
        until(paths)

        assert Scan.objects.get().paths == ["a/two.wav"]
        assert paths() == {"a/two.wav"}

    def test_asks_again_while_an_older_scan_is_at_work(
        self, transactional_db: None, root: Path, service: Service, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("apps.library.services.watch.service._AGAIN_S", 0.1)
        service.answer = False
        add_library(root)
        until(lambda: len(service.asked) > 2)
        service.answer = True
        until(lambda: len(service.asked) > 3)
        count = len(service.asked)

        write_wav(root / "two.wav", tone_hz=200)
        until(paths)
        assert len(service.asked) <= count + 1

    def test_leaves_much_at_once_to_a_job(
        self, films: Library, root: Path, service: Service, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(dirty, "_MOST_FILES", 0)
        write_wav(root / "new" / "two.wav", tone_hz=200)

        until(lambda: (films.pk, ["new"]) in service.asked)

    def test_leaves_comparing_copies_to_a_job(
        self, films: Library, root: Path, service: Service
    ) -> None:
        for name in ("alike.wav", "copy.wav"):
            (root / name).write_bytes(sound_alike(1))
            until(lambda: paths() >= {name})  # noqa: B023

        until(lambda: service.comparisons == [films])
        assert [file.path for file in File.objects.undecided()] == ["copy.wav"]

    def test_comes_back_to_what_still_arrived(
        self, films: Library, root: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(library, "_FIRST_LOOK_S", 0.2)
        write_wav(root.with_name("new") / "two.wav", tone_hz=200)
        with (root.with_name("new") / "two.wav").open("ab"):
            root.with_name("new").rename(root / "new")
            until(lambda: Scan.objects.filter(unsettled=["new"]).count() > 1)
            assert not paths()

        until(paths)


class TestLibraries:
    def test_leaves_a_library_that_isnt_to_be_watched(self, films: Library) -> None:
        Library.objects.filter(pk=films.pk).update(watch=False)

        until(lambda: is_in(films, WatchState.OFF))
        assert watcher_pids() == []

    def test_watches_with_the_rules_of_now(self, films: Library, root: Path) -> None:
        (pid,) = watcher_pids()
        Library.objects.filter(pk=films.pk).update(exclude=["secret/"])
        until(lambda: watcher_pids() not in ([pid], []))
        until(lambda: is_in(films, WatchState.WATCHING))
        write_wav(root / "secret" / "two.wav", tone_hz=200)
        write_wav(root / "three.wav", tone_hz=300)

        until(paths)
        assert paths() == {"three.wav"}

    def test_notes_that_it_ends(self, films: Library, service: Service) -> None:
        service.stop()

        assert is_in(films, WatchState.OFF)
        assert watcher_pids() == []

    def test_only_one_at_a_time(self, films: Library) -> None:
        with pytest.raises(WatchRunning):
            watch_libraries(
                stop=threading.Event(), request_scan=lambda *_a, **_k: True, request_comparison=id
            )


class TestTrouble:
    def test_a_root_that_went_away_is_scanned_when_it_is_back(
        self, films: Library, root: Path, service: Service
    ) -> None:
        root.rename(root.with_name("away"))
        until(lambda: is_in(films, WatchState.LOST))
        assert films.watch_detail == "The root was renamed." or "No such file" in films.watch_detail
        service.asked.clear()

        root.with_name("away").rename(root)
        until(lambda: is_in(films, WatchState.WATCHING))
        until(lambda: service.asked == [(films.pk, [])])

    def test_a_watching_process_that_dies_is_replaced(
        self, films: Library, service: Service
    ) -> None:
        (pid,) = watcher_pids()
        service.asked.clear()
        os.kill(pid, signal.SIGKILL)

        until(lambda: service.asked == [(films.pk, [])])
        assert watcher_pids() not in ([pid], [])

    def test_a_disk_that_hangs_is_told_and_left(
        self, films: Library, service: Service, settings: Settings
    ) -> None:
        settings.MEDIAHUB_DISK_TIMEOUT_SECONDS = 1  # another order: the process is replaced
        (old,) = watcher_pids()
        until(lambda: watcher_pids() not in ([old], []))
        until(lambda: is_in(films, WatchState.WATCHING))
        (pid,) = watcher_pids()
        told: list[str] = []
        os.kill(pid, signal.SIGSTOP)

        def has_told() -> bool:
            told.append(Library.objects.get().watch_detail)
            return told[-1] == "The root does not answer."

        until(has_told)
        until(lambda: is_in(films, WatchState.WATCHING))
        assert pid not in watcher_pids()

    def test_a_share_is_scanned_on_a_schedule(
        self, transactional_db: None, root: Path, settings: Settings
    ) -> None:
        need_fuse()
        with own_mounts() as mounts:
            self._watch_share(mounts, root)

    def _watch_share(self, mounts: Mounts, root: Path) -> None:
        mounts.share(root, root.with_name("share"))
        share = add_library(root.with_name("share"))
        service = Service()
        try:
            until(lambda: is_in(share, WatchState.NO_EVENTS))
        finally:
            service.stop()
        assert "scanned every 60 minutes" in share.watch_detail
        assert is_in(share, WatchState.NO_EVENTS)


@pytest.mark.django_db
class TestWhatASmallScanCameTo:
    @pytest.mark.django_db(transaction=True)
    def test_a_stall_that_the_watch_outlived_loses_nothing(self, root: Path) -> None:
        films = add_library(root)
        scan_library(films, now=NOON)
        changed = dirty.Scope(files=(b"shelf/two.wav",))
        now = 0.0
        watch = library.LibraryWatch(films, clock=lambda: now)
        watch._take("ready", 2)
        scans = SmallScans(id)
        root.rename(root.with_name("away"))
        try:
            for pause_s in (5, 10, 20):
                scans.start(films.pk, changed)
                until(scans._running[films.pk].done)
                (ended,) = scans.ended()
                assert ended.outcome is Outcome.OFFLINE
                watch.note_scan(ended)

                now += pause_s - 1
                assert not watch.may_scan
                now += 1
                assert watch.may_scan
                assert watch.dirty.take() == changed
        finally:
            scans.close()

        watch._take("lost", "is gone")
        watch.note_scan(ended)
        assert not watch.dirty  # with the next watch everything is scanned

    def test_what_still_arrives_is_looked_at_later_each_time(self) -> None:
        now = 0.0
        watch = library.LibraryWatch(make_library(), clock=lambda: now)
        watch._due = 1e9
        scope = dirty.Scope(files=(b"folder/two.wav",))

        for pause_s in (2, 4, 8):
            watch.note_scan(Ended(watch.library_id, scope, Outcome.DONE, ((b"folder", False),)))
            watch.note_scan(Ended(watch.library_id, scope, Outcome.DONE))  # of something else
            now += pause_s - 1
            watch.turn()
            assert not watch.may_scan
            now += 1
            watch.turn()
            assert watch.dirty.take() == dirty.Scope(files=(b"folder",))

        watch.note_scan(Ended(watch.library_id, scope, Outcome.DONE))
        assert watch._look_s == 2


@pytest.mark.django_db
class TestLimits:
    def test_names_the_command_that_allows_more_watches(self) -> None:
        watch = library.LibraryWatch(make_library())
        watch._take("limit", "max_user_watches", 9_000, 8_192)  # as in tests/disk/test_watcher.py

        assert watch.state == WatchState.LIMITED
        assert watch.detail == (
            "9,000 folders need a watch each, and the kernel allows 8,192 in all. Raise it with: "
            "sudo sysctl fs.inotify.max_user_watches=18000 and keep it with: "
            "echo fs.inotify.max_user_watches=18000 | sudo tee -a /etc/sysctl.d/60-mediahub.conf"
        )

    def test_tries_again_when_the_limit_was_raised(self, root: Path) -> None:
        watch = library.LibraryWatch(make_library(root=str(root)))
        allowed = allowed_by_kernel("max_user_instances")
        watch._take("limit", "max_user_instances", 0, allowed)
        watch.turn()
        assert watch.watcher is None
        assert f"max_user_instances={max(2 * allowed, 512)}" in watch.detail

        watch._take("limit", "max_user_instances", 0, allowed - 1)
        watch.turn()
        assert watch.watcher is not None
        watch.end()


@pytest.mark.django_db
class TestSchedule:
    @pytest.mark.parametrize("state", [WatchState.NO_EVENTS, WatchState.LIMITED])
    def test_what_cant_be_watched_is_scanned_now_and_then(self, state: WatchState) -> None:
        blind = make_library(watch_state=state)
        make_library(watch_state=state, watch=False)
        make_library(watch_state=WatchState.WATCHING)
        assert list(due_for_scan(now=NOON)) == [blind]

        Scan.objects.create(library=blind, started_at=NOON)

        assert not due_for_scan(now=NOON + timedelta(minutes=59)).exists()
        assert due_for_scan(now=NOON + timedelta(minutes=61)).exists()

    def test_its_own_interval_comes_first(self) -> None:
        blind = make_library(watch_state=WatchState.NO_EVENTS, scan_every_minutes=10)
        Scan.objects.create(library=blind, started_at=NOON)

        assert due_for_scan(now=NOON + timedelta(minutes=11)).exists()


class TestDirty:
    def test_a_folder_covers_what_is_in_it(self) -> None:
        found = dirty.Dirty()
        found.add([(b"a/b", True), (b"a/b/c.mp4", False), (b"a/d.mp4", False), (b"a/b/e", True)])

        assert found.take() == dirty.Scope(whole=(b"a/b",), files=(b"a/d.mp4",))
        assert not found

    def test_far_too_much_is_everything(self) -> None:
        found = dirty.Dirty()
        found.add((b"%d/film.mp4" % number, False) for number in range(2_001))

        assert found.take() == dirty.Job()

    def test_many_files_in_few_folders_are_a_job_for_these(self) -> None:
        found = dirty.Dirty()
        found.add((b"%d/\xff/%d.mp4" % (n % 3, n), False) for n in range(2_001))

        assert found.take() == dirty.Job((b"0", b"1", b"2"))

    def test_everything_is_more_than_anything(self) -> None:
        assert dirty.Job((b"a",)) | dirty.Job() == dirty.Job()
        assert dirty.Job((b"a",)) | dirty.Job((b"a/b", b"c")) == dirty.Job((b"a", b"c"))


Start = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts ``manage.py …``; what is left is killed at the end."""
    started: list[subprocess.Popen[bytes]] = []

    def manage(*arguments: str, prefix: Sequence[str] = ()) -> "subprocess.Popen[bytes]":
        process = subprocess.Popen(
            [*prefix, sys.executable, "manage.py", *arguments],
            cwd=ROOT, env={**os.environ, "MEDIAHUB_SETTLE_SECONDS": "1"},
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        started.append(process)
        return process

    yield manage
    for process in started:
        process.kill()
        print(process.communicate())


@pytest.mark.django_db(transaction=True)
class TestCommand:
    def test_runs_until_it_is_told_to_stop(self, start: Start, root: Path) -> None:
        films = add_library(root)
        watch = start("watch")
        until(lambda: is_in(films, WatchState.WATCHING))
        until(Job.objects.exists)
        write_wav(root / "two.wav", tone_hz=200)
        until(lambda: paths() == {"two.wav"})

        second = start("watch")
        err = second.stderr.read() if second.stderr else b""
        assert second.wait(timeout=60) == 1
        assert b"Another process watches these libraries already." in err

        watch.send_signal(signal.SIGTERM)
        assert watch.wait(timeout=30) == 0
        assert is_in(films, WatchState.OFF)
