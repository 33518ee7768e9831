"""``python -m benchmarks [NAME]``: run one benchmark, or all of them."""

import importlib
import sys

from benchmarks import place
from benchmarks.report import Report

NAMES = ("scan", "watch", "moves", "kills", "storage", "catalogue", "jobs", "listeners",
         "artifacts", "hls", "search", "cards", "bulk", "graph", "identify", "faces",
         "transcode", "transcode_corpus")  # fmt: skip


def main(names: list[str]) -> int:
    """0 when all ran and their checks held (a bar that was missed is a result), else 1 or 2."""
    if unknown := [name for name in names if name not in NAMES]:
        print(f"There is no benchmark {unknown[0]!r}. Known: {', '.join(NAMES)}.", file=sys.stderr)
        return 2
    place.use_own_data()
    sound = True
    for name in names or NAMES:
        print(f"{name}:", flush=True)
        report = Report(name)
        importlib.import_module(f"benchmarks.{name}").run(report)
        print(f"{report.summary()}\nwritten to {report.write()}", flush=True)
        sound = sound and report.is_sound
    return 0 if sound else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
