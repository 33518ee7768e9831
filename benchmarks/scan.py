"""First scans and rescans: how quick, how complete, how frugal."""

import os
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks import corpus, place, probing, tree
from benchmarks.machine import ffprobe_version
from benchmarks.processes import Watched, scan_apart
from benchmarks.report import Report
from benchmarks.turns import Turn, by_turns, paired_ratio

_EMPTY = "bench_empty"
_USED = "bench_scan"
_TURNS = 3
_RESCAN_TURNS = 7
_SMALL, _MIDDLE, _LARGE = 20_000, 200_000, 1_000_000
_MOST_MB = 300


def run(report: Report) -> None:
    """All of it; at a million files with ``MEDIAHUB_BENCH_LARGE=1`` only."""
    place.make_database(_EMPTY)
    given = os.environ.get("MEDIAHUB_BENCH_CORPUS")
    roots = {"own corpus": corpus.make_corpus(), **({"given corpus": Path(given)} if given else {})}
    for name, root in roots.items():
        _first_scan(report, name, root)
        _fields(report, name, root)
    _trees(report)
    place.drop_database(_USED)
    place.use_database(_EMPTY)


def _first_scan(report: Report, name: str, root: Path) -> None:
    files = probing.media_files(root)
    chosen = probing.sample(files)
    probers = {"ffprobe": probing.system_ffprobe(), "static ffprobe": probing.static_ffprobe()}
    _scan_anew(root)  # brings the files into memory, for all alike
    works: dict[str, Any] = {"scan": lambda: _scan_anew(root)}
    for prober, program in probers.items():
        if program:
            works[prober] = lambda program=program: probing.probe_one_by_one(program, chosen)
    turns = by_turns(_TURNS, works)
    scans = [turn.answer.last for turn in turns["scan"]]
    rates = [_done(scan) / scan["wall_s"] for scan in scans]
    about = f"{_done(scans[0])} files"
    report.add(f"{name}: first scan", median(rates), "files/s", turns=rates, note=about)
    cpu_ms = [1_000 * scan["cpu_s"] / _done(scan) for scan in scans]
    report.add(f"{name}: first scan, processor", median(cpu_ms), "ms/file", turns=cpu_ms)
    for prober, program in probers.items():
        if prober in turns:
            _against(
                report, f"{name}: {prober}", turns[prober], rates, cpu_ms, ffprobe_version(program)
            )
        else:
            report.say(f"{name}: {prober}", "not there")
    _completeness(report, name, root, scans[-1])


def _against(
    report: Report,
    name: str,
    turns: list[Turn],
    rates: list[float],
    cpu_ms: list[float],
    about: str,
) -> None:
    """Put a prober's turns beside those of the scan."""
    theirs = [turn.answer / turn.wall_s for turn in turns]
    report.add(f"{name}, one by one", median(theirs), "files/s", turns=theirs, note=about)
    ratio, ratios = paired_ratio(rates, theirs)
    least = None if "static" in name else 20.0
    report.add(f"{name}: our scan is quicker", ratio, "times", least=least, turns=ratios)
    its_cpu = [1_000 * turn.cpu_s / turn.answer for turn in turns]
    ratio, ratios = paired_ratio(its_cpu, cpu_ms)
    report.add(f"{name}: its processor time", ratio, "times ours", turns=ratios)


def _scan_anew(root: Path) -> Watched:
    """A first scan, from an empty catalogue."""
    place.copy_database(_USED, template=_EMPTY)
    return scan_apart(root)


def _done(scan: dict[str, Any]) -> int:
    return int(scan["answer"]["added"])


def _completeness(report: Report, name: str, root: Path, scan: dict[str, Any]) -> None:
    """Each file is in the catalogue, with facts or a reason, or was left out for one."""
    from apps.library.models import File

    on_disk, skipped = len(corpus.list_files(root)), scan["answer"]["skipped"]
    rows = File.objects.count()
    told = File.objects.filter(probe_state="failed").exclude(probe_error="").count()
    whole = File.objects.filter(probe_state="done", video__isnull=False).count()
    report.check(
        f"{name}: every file ends in a row or a named reason",
        holds=on_disk == rows + skipped and rows == told + whole,
        note=f"{on_disk} on disk = {whole} read + {told} failed + {skipped} left out",
    )
    report.details[f"{name}: reasons"] = scan["answer"]["reasons"]


def _fields(report: Report, name: str, root: Path) -> None:
    """Whether we say of the files what ffprobe says, an equal version of FFmpeg and Debian's."""
    import av

    files = probing.media_files(root)
    own = ".".join(map(str, av.library_versions["libavformat"]))
    for prober in (probing.static_ffprobe(), probing.system_ffprobe()):
        if prober is None:
            continue
        found = probing.agreement(prober, files)
        different, equal = found.different.total(), found.equal.total()
        version = ffprobe_version(prober)
        what = f"{name}: fields that differ from {version}"
        note = f"of {equal + different:,}, in {found.files_different} of {found.files} files"
        report.add(what, different, note=note, most=0 if _same_libraries(prober, own) else None)
        report.add(
            f"{name}: files that only one of the two can read, or for another reason",
            len(found.verdicts),
            note="; ".join(found.verdicts[:3]),
        )
        report.details[what] = {
            key: {"equal": found.equal[key], "different": found.different[key],
                  "example": found.examples.get(key, "")}
            for key in sorted({*found.equal, *found.different})
        }  # fmt: skip


def _same_libraries(ffprobe: str, own: str) -> bool:
    import subprocess

    command = [ffprobe, "-v", "error", "-show_library_versions", "-of", "csv=p=0"]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return any(f"libavformat,{own.replace('.', ',')}" in line for line in printed.splitlines())


def _trees(report: Report) -> None:
    """Trees of many tiny files: rescans beside the bare walk, and memory."""
    sizes = [_SMALL, _MIDDLE, *([_LARGE] if os.environ.get("MEDIAHUB_BENCH_LARGE") else [])]
    peaks: dict[str, list[float]] = {"first scan": [], "rescan": []}
    for size in sizes:
        print(f"  a tree of {size:,} files", flush=True)
        root = tree.make_tree(size)
        first = _scan_anew(root)
        again = scan_apart(root, turns=_RESCAN_TURNS)
        _rescans(report, size, first.last, again.scans)
        for name, watched in (("first scan", first), ("rescan", again)):
            peaks[name].append(watched.last["peak_mb"])
            report.add(
                f"{size:,} files: memory of a {name} with its children", watched.peak_mb, "MB",
                most=_MOST_MB, note=f"the scanning process alone {watched.last['peak_mb']:.0f} MB",
            )  # fmt: skip
    for name, found in peaks.items():
        what = f"memory of a {name}: {sizes[-1]:,} files against {sizes[0]:,}"
        report.add(what, found[-1] / found[0], "times", most=1.15)


def _rescans(report: Report, size: int, first: dict[str, Any], again: list[dict[str, Any]]) -> None:
    name = f"{size:,} files"
    report.add(f"{name}: first scan", size / first["wall_s"], "files/s", note="tiny files")
    report.check(
        f"{name}: a rescan finds all of them unchanged",
        holds=all(scan["answer"]["unchanged"] == size == scan["walked"] for scan in again),
    )
    walls, walks = [scan["wall_s"] for scan in again], [scan["walk_s"] for scan in again]
    report.add(f"{name}: rescan, nothing changed", median(walls), "s", turns=walls)
    report.add(f"{name}: bare walk", median(walks), "s", turns=walks)
    ratio, ratios = paired_ratio(walls, walks)
    most = 1.5 if size >= _MIDDLE else None
    report.add(f"{name}: rescan against bare walk", ratio, "times", most=most, turns=ratios)
