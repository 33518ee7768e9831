"""One scan or several in a process of its own: ``python -m benchmarks.scanning ROOT [TURNS]``.

Prints a line of JSON for each scan. With TURNS each is followed by the bare directory walk.
"""

import json
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import django

from benchmarks.turns import timed

_MB = 1024


def main(root: bytes, turns: int) -> None:
    django.setup()
    from apps.library.services.libraries import add_library

    library = add_library(Path(os.fsdecode(root)))
    for _ in range(max(1, turns)):
        scan = timed(lambda: _scan(library))
        said = {**asdict(scan), "peak_mb": _peak_mb()}
        if turns:
            walk = timed(lambda: bare_walk(root))
            said |= {"walk_s": walk.wall_s, "walk_cpu_s": walk.cpu_s, "walked": walk.answer}
        print(json.dumps(said), flush=True)


def _scan(library: Any) -> dict[str, Any]:
    from django.utils import timezone

    from apps.library.services.scan import scan_library

    counts: dict[str, Any] = scan_library(library, now=timezone.now()).counts
    return counts


def bare_walk(root: bytes) -> int:
    """What no scan can do without: list every folder and ask for the facts of every file."""
    found, waiting = 0, [root]
    while waiting:
        with os.scandir(waiting.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)
                else:
                    entry.stat(follow_symlinks=False)
                    found += 1
    return found


def _peak_mb() -> float:
    """The most memory that this process ever had resident; getrusage counts its parent's, too."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / _MB


if __name__ == "__main__":
    main(os.fsencode(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0)
