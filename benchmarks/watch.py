"""How soon files that arrive are in the catalogue, and that none is early, twice or forgotten."""

import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import defaultdict
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import psycopg

from benchmarks import clips, place
from benchmarks.arriving import KINDS, Arrival, arrive
from benchmarks.processes import family, size_kb
from benchmarks.report import Report
from benchmarks.stamps import stamped

_DATABASE = "bench_watch"
_FILES = 1_000
_OVER_S = 75.0
_POLL_S = 0.05
_BAR_S = 5.0
_IDLE_S = 15.0
_HALF_AT_ONCE = (("at once", 300), ("copied with its times", 100), ("by another name", 100))
_HALF_SLOWLY = tuple((kind, 125) for kind in KINDS[3:])
_LOG = """
    CREATE TABLE bench_seen (id bigserial PRIMARY KEY, path text, size bigint, deed text);
    CREATE FUNCTION bench_see() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        INSERT INTO bench_seen (path, size, deed) VALUES (NEW.path, NEW.size_bytes, TG_OP);
        RETURN NULL;
    END $$;
    CREATE TRIGGER bench_see AFTER INSERT OR UPDATE OF path, size_bytes, content ON library_file
        FOR EACH ROW EXECUTE FUNCTION bench_see();
"""


def run(report: Report) -> None:
    """One stream of files against one ``manage.py watch`` with the default settings."""
    place.make_database(_DATABASE)
    root = place.BUILD / "watch" / "library"
    shutil.rmtree(root.parent, ignore_errors=True)
    (root / "shelf").mkdir(parents=True)
    arrivals = _plan(root)
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as database:
        database.execute(_LOG)
        library = _library(root)
        command = [sys.executable, "manage.py", "watch"]
        process = subprocess.Popen(command, cwd=place.ROOT)
        try:
            _await_watching(library)
            usage = _Usage(process.pid)
            time.sleep(_IDLE_S)
            idle_s = usage.cpu_s()
            seen = _Seen(os.environ["DATABASE_URL"])
            seen.start()
            usage.start()
            arrive(arrivals, over_s=_OVER_S)
            seen.await_rows({_below(one.path, root): len(one.content) for one in arrivals})
            busy_s = usage.cpu_s() - idle_s
            usage.stop()
            seen.stop()
        finally:
            process.send_signal(signal.SIGTERM)
            status = process.wait(timeout=60)
    _latencies(report, arrivals, seen, root)
    _truth(report, arrivals, library)
    report.add("processor time, nothing happening", 1_000 * idle_s / _IDLE_S, "ms/s")
    report.add("processor time, files arriving", 1_000 * busy_s / len(arrivals), "ms/file")
    report.add("most memory, with all its children", usage.peak_kb / 1_024, "MB")
    report.check("the watch ends when it is told to", holds=status == 0)


def _plan(root: Path) -> list[Arrival]:
    dice = random.Random(1)
    source = clips.encode(clips.CLIPS[5], root.parent)
    assert source is not None
    content = source.read_bytes()
    kinds = [kind for kind, count in (*_HALF_AT_ONCE, *_HALF_SLOWLY) for _ in range(count)]
    dice.shuffle(kinds)
    folders = [root / f"Year {n % 7}" / f"Box {n}" for n in range(40)]
    return [
        Arrival(kind, dice.choice(folders) / f"film {n:04d}.mp4", stamped(content, ".mp4", n))
        for n, kind in enumerate(kinds[:_FILES])
    ]


def _library(root: Path) -> Any:
    from apps.library.services.libraries import add_library

    return add_library(root)


def _await_watching(library: Any) -> None:
    deadline = time.monotonic() + 60
    while library.watch_state != "watching":
        assert time.monotonic() < deadline, f"not watching: {library.watch_detail}"
        time.sleep(0.1)
        library.refresh_from_db()


class _Seen(threading.Thread):
    """Looks into the catalogue again and again: when each row was first to be seen by others."""

    def __init__(self, url: str) -> None:
        super().__init__(daemon=True)
        self.rows: list[tuple[float, str, int, str]] = []
        self._url = url
        self._ended = threading.Event()

    def run(self) -> None:
        last = 0
        query = "SELECT id, path, size, deed FROM bench_seen WHERE id > %s ORDER BY id"
        with psycopg.connect(self._url, autocommit=True) as database:
            while not self._ended.wait(_POLL_S):
                found = database.execute(query, [last]).fetchall()
                now = time.time()
                for last, path, size, deed in found:  # noqa: B007
                    self.rows.append((now, path, size, deed))

    def await_rows(self, sizes: dict[str, int]) -> None:
        """Until each path was seen in its final size, or half a minute is over."""
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            seen = {path for _, path, size, _ in list(self.rows) if sizes.get(path) == size}
            if len(seen) == len(sizes):
                return
            time.sleep(_POLL_S)

    def stop(self) -> None:
        self._ended.set()
        self.join()


class _Usage(threading.Thread):
    """Processor time and memory of a process with its children, those that have ended too."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.peak_kb = 0
        self._pid = pid
        self._before_s = 0.0
        self._ended = threading.Event()
        self._before_s = self.cpu_s()

    def run(self) -> None:
        while not self._ended.wait(0.5):
            self.peak_kb = max(self.peak_kb, sum(map(size_kb, family(self._pid))))

    def stop(self) -> None:
        self._ended.set()
        self.join()

    def cpu_s(self) -> float:
        """Since the beginning of this measurement."""
        ticks = 0
        for pid in family(self._pid):
            try:
                fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            ticks += sum(map(int, fields[11:15]))
        return ticks / os.sysconf("SC_CLK_TCK") - self._before_s


def _below(path: Path, root: Path) -> str:
    return str(path.relative_to(root))


def _latencies(report: Report, arrivals: list[Arrival], seen: _Seen, root: Path) -> None:
    by_path: dict[str, list[tuple[float, str, int, str]]] = defaultdict(list)
    for row in seen.rows:
        by_path[row[1]].append(row)
    waits: dict[str, list[float]] = defaultdict(list)
    early, twice, never = [], [], []
    for one in arrivals:
        rows = by_path[_below(one.path, root)]
        former = [row for path in one.former for row in by_path[_below(path, root)]]
        whole = [row[0] - one.done_at for row in rows if row[2] == len(one.content)]
        if former or len(whole) < len(rows) or any(wait_s < 0 for wait_s in whole):
            early.append(one.path.name)
        if len(rows) > 1:
            twice.append(one.path.name)
        if len(rows) != 1 or former:
            report.details[one.path.name] = {
                "kind": one.kind, "size": len(one.content), "paused_s": one.paused_s,
                "rows": [(at - one.done_at, *rest) for at, *rest in [*former, *rows]],
            }  # fmt: skip
        if whole:
            waits[one.kind].append(whole[0])
        else:
            never.append(one.path.name)
    every = [wait_s for kind in waits.values() for wait_s in kind]
    cuts = quantiles(every, n=100)
    report.add("files in the catalogue", len(every), least=len(arrivals), note=", ".join(never[:3]))
    report.add("from standing still to its row, half of the files", median(every), "s")
    report.add("from standing still to its row, 95 of 100", cuts[94], "s")
    report.add("from standing still to its row, the slowest", max(every), "s", most=_BAR_S)
    for kind, found in sorted(waits.items()):
        note = f"median {median(found):.2f} s, {len(found)} files"
        report.add(f"the slowest that came {kind}", max(found), "s", note=note)
    report.add("longest pause between two pieces", max(one.paused_s for one in arrivals), "s")
    report.check("none is early", holds=not early, note=", ".join(early[:3]))
    report.check("each is written once", holds=not twice, note=", ".join(twice[:3]))
    report.details["latencies"] = {kind: sorted(found) for kind, found in waits.items()}


def _truth(report: Report, arrivals: list[Arrival], library: Any) -> None:
    """A scan of everything has nothing to add."""
    from django.utils import timezone

    from apps.library.models import File, Scan, Video
    from apps.library.services.scan import scan_library

    rows = (File.objects.count(), Video.objects.count())
    report.check("one file and one video each", holds=rows == (len(arrivals),) * 2, note=str(rows))
    small = Scan.objects.filter(kind="watch").count()
    time.sleep(3.5)  # until even the last one has settled
    counts = scan_library(library, now=timezone.now()).counts
    changed = {name: counts[name] for name in ("added", "changed", "moved", "missing", "failed")}
    holds = not any(changed.values()) and counts["unchanged"] == len(arrivals)
    report.check("a scan afterwards finds nothing to do", holds=holds, note=str(changed))
    report.add("small scans", small)
