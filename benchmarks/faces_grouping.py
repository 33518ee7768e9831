"""Grouping a million invented faces on two cores."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks import place
from benchmarks.report import Report

_CORES = 2
_MOST_S, _MOST_MB, _LEAST_F1 = 480, 1_500, 0.99
_WIDTH = 128
_AT_ONCE = 100_000


def measure(report: Report) -> None:
    """``MEDIAHUB_BENCH_FACES`` is another number of faces than a million."""
    most = int(os.environ.get("MEDIAHUB_BENCH_FACES") or 1_000_000)
    for faces, people in ((10_000, 2_000), (100_000, 2_000), (most, 2_000)):
        said = _apart(faces, people)
        what = f"{faces:,} faces of {people:,} people and {faces // 20:,} seen once"
        note = f"{said['cpu_s']:.0f} s of CPU, {_CORES} cores, load {said['load']:.1f}"
        report.add(f"{what}: wall", said["wall_s"], "s", most=_MOST_S, note=note)
        report.add(f"{what}: memory", said["peak_mb"], "MB", most=_MOST_MB)
        note = f"precision {said['precision']:.4f}, recall {said['recall']:.4f}"
        report.add(f"{what}: B-cubed F1", said["f1"], least=_LEAST_F1, note=note)
        report.details.setdefault("grouping", []).append(said)
    rates = _rates(9_000)
    report.details["invented_tpr_at_far"] = rates
    report.say(
        "the invented faces: TPR at FAR", ", ".join(f"{r:.4f} @{f}" for f, r in rates.items())
    )


def invent(
    faces: int, people: int, *, seed: int = 0, once: float = 0.05
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Unit vectors and who they are: directions of unequal use, as SFace's are, around each person;
    sizes of people by Zipf's law, and a part that is seen once. Some faces are much worse pictures
    than others. Tuned until the rates were those of LFW's photographs."""
    random = np.random.default_rng(seed)
    single = int(faces * once)
    shares = 1 / np.arange(1, people + 1)
    sizes = np.maximum(2, shares / shares.sum() * (faces - single)).astype(np.int64)
    truth = np.repeat(np.arange(people), sizes)[: faces - single]
    rest = random.integers(0, people, faces - single - len(truth))
    truth = np.concatenate([truth, rest, people + np.arange(single)])
    random.shuffle(truth)
    middles = random.standard_normal((people + single, _WIDTH), np.float32) * _scales(0.68)
    vectors = np.empty((faces, _WIDTH), np.float32)
    for first in range(0, faces, _AT_ONCE):
        part = truth[first : first + _AT_ONCE]
        noise = random.standard_normal((len(part), _WIDTH), np.float32) * _scales(0.3)
        worse = 0.62 * np.exp(0.38 * random.standard_normal((len(part), 1), np.float32))
        block = middles[part] + noise * worse
        vectors[first : first + len(part)] = block / np.linalg.norm(block, axis=1, keepdims=True)
    return vectors, truth


def _scales(power: float) -> NDArray[np.float32]:
    spread = np.arange(1, _WIDTH + 1) ** -power
    return np.sqrt(spread * _WIDTH / spread.sum()).astype(np.float32)


def _rates(faces: int) -> dict[str, float]:
    """Which part of pairs of one person is more alike than one in so many pairs of strangers."""
    vectors, truth = invent(faces, faces // 5)
    likeness = vectors @ vectors.T
    pairs = np.triu_indices(faces, 1)
    same = (truth[:, None] == truth[None, :])[pairs]
    one, strangers = likeness[pairs][same], np.sort(likeness[pairs][~same])[::-1]
    return {
        f"{far:g}": float((one >= strangers[int(far * len(strangers))]).mean())
        for far in (1e-2, 1e-3, 1e-4, 1e-5)
    }


def _apart(faces: int, people: int) -> dict[str, Any]:
    """Group them in a process of its own, on two cores."""
    command = [sys.executable, "-m", "benchmarks.faces_grouping", str(faces), str(people)]
    said = subprocess.run(command, capture_output=True, text=True, cwd=place.ROOT, check=True)
    answer: dict[str, Any] = json.loads(said.stdout)
    return answer


def _group(faces: int, people: int) -> dict[str, Any]:
    from apps.faces.choices import Engine
    from apps.faces.engines import calibration
    from apps.faces.grouping import bcubed, for_size, group

    vectors, truth = invent(faces, people)
    restart_peak()  # of what follows, not of inventing
    thresholds = for_size(faces, calibration(Engine.YUNET_SFACE))
    began, used, load = time.monotonic(), time.process_time(), os.getloadavg()[0]
    labels = group(vectors, norms=np.full(faces, 12, np.float32), fixed=np.full(faces, -1),
                   thresholds=thresholds)  # fmt: skip
    found = bcubed(labels, truth)
    return {
        "faces": faces, "people": people, "wall_s": time.monotonic() - began,
        "cpu_s": time.process_time() - used, "load": load, "peak_mb": peak_mb(),
        "f1": found.f1, "precision": found.precision, "recall": found.recall,
        "groups": int(labels.max()) + 1, "join": thresholds.join, "merge": thresholds.merge,
    }  # fmt: skip


def restart_peak() -> None:
    """Forget how much memory this process has held."""
    Path("/proc/self/clear_refs").write_text("5")


def peak_mb() -> float:
    """The most memory that this process has held since."""
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmHWM")) / 1024


if __name__ == "__main__":
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:_CORES])
    print(json.dumps(_group(int(sys.argv[1]), int(sys.argv[2]))))
