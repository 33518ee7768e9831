"""Files that were moved, and libraries of which little changed: the cost beyond a bare rescan."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks import place, tree
from benchmarks.processes import Watched, scan_apart
from benchmarks.report import Report
from benchmarks.turns import paired_ratio

_EMPTY, _USED = "bench_empty", "bench_moves"
_FILES = 20_000
_MOVED = 5_000
_TURNS = 5
_CHANGED_OF = 200_000
_LARGE = 1_000_000

_WRITTEN = """
    SELECT video.id, file.content, video.rating, video.details, video.tag_ids,
           video.missing_since IS NULL AND file.missing_since IS NULL
    FROM library_video video JOIN library_file file ON file.id = video.primary_file_id
    ORDER BY video.id
"""


def run(report: Report) -> None:
    """The second part with a million files takes ``MEDIAHUB_BENCH_LARGE=1``."""
    place.make_database(_EMPTY)
    _moves(report)
    _changes(report, _LARGE if os.environ.get("MEDIAHUB_BENCH_LARGE") else _CHANGED_OF)
    place.drop_database(_USED)
    place.use_database(_EMPTY)


def _moves(report: Report) -> None:
    """5,000 files that were renamed, and whose folders were, too."""
    root = _copy_of(_FILES, "moves")
    place.copy_database(_USED, template=_EMPTY)
    scan_apart(root)
    _write_on_videos()
    still, moved, prints = [], [], []
    same = True
    for turn in range(_TURNS):
        still.append(scan_apart(root).last["wall_s"])
        before = _ask(_WRITTEN)
        paths = _move(root, turn)
        prints.append(_fingerprints(paths))
        scan = scan_apart(root).last
        moved.append(scan["wall_s"])
        counts = scan["answer"]
        same = same and _ask(_WRITTEN) == before and counts["moved"] == _MOVED
        same = same and not counts["added"] + counts["missing"]
    report.check(
        f"{_MOVED:,} of {_FILES:,} files moved: each keeps its video, rating and tags",
        holds=same, note=f"{_TURNS} times",
    )  # fmt: skip
    report.add("rescan without changes", median(still), "s", turns=still)
    report.add(f"fingerprints of {_MOVED:,} files, read one by one", median(prints), "s",
               turns=prints)  # fmt: skip
    report.add(f"rescan with {_MOVED:,} moved files", median(moved), "s", turns=moved)
    sums = [a + b for a, b in zip(still, prints, strict=True)]
    ratio, ratios = paired_ratio(moved, sums)
    report.add("against a rescan and one fingerprint a file", ratio, "times", turns=ratios)
    each = [1_000 * (a - b) / _MOVED for a, b in zip(moved, still, strict=True)]
    report.add("a moved file costs", median(each), "ms", turns=each)


def _changes(report: Report, size: int) -> None:
    """One file in a hundred with other content, against as many new files on their own."""
    changed = size // 100
    root = _copy_of(size, "changes")
    place.copy_database(_USED, template=_EMPTY)
    first = scan_apart(root)
    report.add(f"{size:,} files: first scan", first.last["wall_s"], "s")
    rate_ms = 1_000 * first.last["wall_s"] / size
    again = scan_apart(root, turns=_TURNS)
    ratio, ratios = paired_ratio(*_walls(again))
    report.add(f"{size:,} files: rescan against bare walk", ratio, "times", most=1.5, turns=ratios)
    still, with_changes, right = [], [], True
    for turn in range(3):
        still.append(scan_apart(root).last)
        _rewrite(root, changed, turn)
        with_changes.append(scan_apart(root).last)
        right = right and with_changes[-1]["answer"]["changed"] == changed
    report.check(f"{changed:,} changed files of {size:,} are found", holds=right)
    above = [b["wall_s"] - a["wall_s"] for a, b in zip(still, with_changes, strict=True)]
    report.add(f"{size:,} files, {changed:,} changed: on top of a rescan", median(above), "s",
               turns=above)  # fmt: skip
    each = [1_000 * seconds / changed for seconds in above]
    report.add(
        "a changed file against one of a first scan", median(each) / rate_ms, "times",
        turns=[one / rate_ms for one in each],
        note=f"{median(each):.2f} ms against {rate_ms:.2f} ms",
    )  # fmt: skip
    peaks = [one["peak_mb"] for one in (again.last, with_changes[-1])]
    report.add("memory with changes against without", peaks[1] / peaks[0], "times", most=1.3,
               note=f"{peaks[0]:.0f} MB and {peaks[1]:.0f} MB")  # fmt: skip
    shutil.rmtree(root)


def _walls(watched: Watched) -> tuple[list[float], list[float]]:
    return [s["wall_s"] for s in watched.scans], [s["walk_s"] for s in watched.scans]


def _copy_of(size: int, name: str) -> Path:
    """Hard links would be found to be links: real copies."""
    root = place.BUILD / name
    shutil.rmtree(root, ignore_errors=True)
    shutil.copytree(tree.make_tree(size), root)
    return root


def _move(root: Path, turn: int) -> list[Path]:
    """Rename files and their folders, 100 in each; the new paths."""
    folders = sorted(path for path in root.rglob("box*"))[: _MOVED // 100]
    paths = []
    for number, folder in enumerate(folders):
        target = root / f"shelf moved {number % 7}" / f"box {number:05d} moved {turn}"
        target.parent.mkdir(exist_ok=True)
        folder.rename(target)
        for path in sorted(target.iterdir()):
            renamed = path.with_name(f"{turn} {path.name.partition(' ')[2]}")
            path.rename(renamed)
            paths.append(renamed)
    return paths


_PRINTS = """
import json, os, sys, time
from apps.ffmpeg.hashing import Ends, content_fingerprint
paths = json.load(sys.stdin)
began = time.perf_counter()
for path in paths:
    descriptor = os.open(path, os.O_RDONLY)
    content_fingerprint(Ends(descriptor, os.fstat(descriptor).st_size))
    os.close(descriptor)
print(time.perf_counter() - began)
"""


def _fingerprints(paths: list[Path]) -> float:
    """Seconds to open each file and make its fingerprint, and nothing else, in one process."""
    listed = json.dumps([str(path) for path in paths])
    done = subprocess.run(
        [sys.executable, "-c", _PRINTS],
        input=listed, text=True, check=True, capture_output=True, cwd=place.ROOT,
    )  # fmt: skip
    return float(done.stdout)


def _rewrite(root: Path, count: int, turn: int) -> None:
    """One file in a hundred, all over the tree."""
    for number, folder in enumerate(sorted(root.glob("*/*"))[:count]):
        path = min(folder.iterdir())
        path.write_bytes(tree.sound(10_000_000 + turn * count + number))


def _write_on_videos() -> None:
    from apps.library.models import Tag

    tag = Tag.objects.create(name="kept")
    _ask("UPDATE library_video SET rating = 1 + id % 100, details = md5(path)")
    _ask(f"INSERT INTO library_videotag (video_id, tag_id) SELECT id, {tag.pk} FROM library_video")


def _ask(statement: str) -> list[tuple[Any, ...]]:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall() if cursor.description else []
