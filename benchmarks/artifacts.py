"""Pictures of videos: beside the commands of Stash, by turns, and beside the bare decoding."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import imageio_ffmpeg

from apps.ffmpeg.messages import ProbeRequest
from apps.ffmpeg.pool import MediaPool
from benchmarks.artifacts_clips import SAMPLES, Sample, make_sample
from benchmarks.artifacts_ours import WISHES, bare, make
from benchmarks.artifacts_peer import Cost, stash
from benchmarks.report import Report
from benchmarks.turns import paired_ratio

_TURNS = int(os.environ.get("MEDIAHUB_BENCH_TURNS", "3"))
_ALL = "all four"
_BARS = {
    "60 s 720p": {"phash": 5.0, "sprite": 20.0, "sprite, exact": 4.0, _ALL: 8.0},
    "5 min 1080p": {"phash": 2.5, "sprite": 20.0, "sprite, exact": 4.0, _ALL: 3.5},
}
_MOST_MB = 400
_MOST_PROCESSES = 6

Costs = dict[str, list[Cost]]


def run(report: Report) -> None:
    """All of it; ``MEDIAHUB_BENCH_TURNS`` says how often (3)."""
    system, static = shutil.which("ffmpeg", path="/usr/bin"), imageio_ffmpeg.get_ffmpeg_exe()
    programs = {"static ffmpeg": static, **({"Debian's ffmpeg": system} if system else {})}
    for name, program in programs.items():
        report.say(name, _version(program))
    for sample in SAMPLES:
        path = make_sample(sample, ffmpeg=system or static)
        with MediaPool(children=1) as pool:
            list(pool.run([ProbeRequest(key=0, path=bytes(path))]))  # the helper has started
            _measure(report, sample, path, pool, programs)


def _measure(
    report: Report, sample: Sample, path: Path, pool: MediaPool, programs: dict[str, str]
) -> None:
    ours: Costs = {}
    peers: dict[str, Costs] = {name: {} for name in programs}
    bares: Costs = {}
    works: list[tuple[Costs, dict[str, Callable[[], Cost]]]] = [(ours, _ours(pool, path))]
    works += [(peers[name], stash(ffmpeg, path, sample.seconds))
              for name, ffmpeg in programs.items()]  # fmt: skip
    works += [(bares, bare(path))]
    for _ in range(_TURNS):
        for costs, kinds in works:
            for kind, work in kinds.items():
                costs.setdefault(kind, []).append(work())
    for costs in peers.values():
        together = zip(*costs.values(), strict=True)
        costs[_ALL] = [sum(turn, Cost(0, 0, 0, 0)) for turn in together]
        costs["sprite, exact"] = costs["sprite"]
    _tell(report, sample.name, "ours", ours)
    for name, costs in peers.items():
        _tell(report, sample.name, name, costs)
        _compare(report, sample.name, name, ours, costs)
    _tell(report, sample.name, "bare decoding", bares)


def _ours(pool: MediaPool, path: Path) -> dict[str, Callable[[], Cost]]:
    def work(wishes: dict[str, Any]) -> Callable[[], Cost]:
        return lambda: make(pool, path, wishes)[0]

    kinds = {kind: work({kind: wish}) for kind, wish in WISHES.items()}
    return {**kinds, "sprite, exact": work({"sprite": {"exact": True}}), _ALL: work(WISHES)}


def _tell(report: Report, sample: str, who: str, costs: Costs) -> None:
    for kind, turns in costs.items():
        cpu_s = [turn.cpu_s for turn in turns]
        peak_mb = max(turn.peak_mb for turn in turns)
        processes = max(turn.processes for turn in turns)
        wall_s = median(turn.wall_s for turn in turns)
        note = f"{wall_s:.2f} s on the clock, {processes} processes, {peak_mb:.0f} MB"
        report.add(f"{sample}: {kind}, {who}", median(cpu_s), "CPU s", turns=cpu_s, note=note)
        if who == "ours" and kind == _ALL:
            report.add(f"{sample}: memory", peak_mb, "MB", most=_MOST_MB)
            report.add(f"{sample}: processes", processes, most=_MOST_PROCESSES)


def _compare(report: Report, sample: str, peer: str, ours: Costs, theirs: Costs) -> None:
    for kind in ours:
        above, below = ([t.cpu_s for t in costs[kind]] for costs in (theirs, ours))
        ratio, ratios = paired_ratio(above, below)
        bar = None if "static" in peer else _BARS[sample].get(kind)
        what = f"{sample}: {kind}, {peer} against ours"
        report.add(what, ratio, "times", least=bar, turns=ratios)


def _version(program: str) -> str:
    printed = subprocess.run([program, "-version"], capture_output=True, text=True, check=True)
    return printed.stdout.split(" Copyright")[0]
