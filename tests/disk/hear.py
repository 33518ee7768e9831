"""Watches a root and prints what is heard: ``python -m tests.disk.hear ROOT COMMAND``.

The command is run once all is watched. For tests that need a namespace of their own.
"""

import os
import select
import subprocess
import sys
from pathlib import Path

from apps.disk.watch_reader import Watcher, WatchOrder
from tests.disk.test_watcher import RULES


def main(root: Path, command: str) -> None:
    watcher = Watcher(WatchOrder(os.fsencode(root), RULES, settle_s=0.2, timeout_s=20))
    while not watcher.ended:
        select.select([watcher.fd], [], [], 20)
        for frame in watcher.heard():
            if frame != ("alive",):
                print(frame, flush=True)
            if frame[0] == "ready":
                subprocess.run(["sh", "-c", command], check=True)
        if watcher.silent:
            break
    watcher.end()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
