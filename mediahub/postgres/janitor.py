"""``python -m mediahub.postgres.janitor FOLDER``: stops the server after its last user is gone.

Started by ``mediahub.postgres`` with the lock of ``FOLDER/janitor.lock`` as its stdin.
"""

import os
import sys
import time
from pathlib import Path

from mediahub import postgres
from mediahub.postgres.cluster import is_running
from mediahub.postgres.locks import locked, try_lock

_GRACE_S = 2.0  # so that one command after another doesn't restart the server each time


def main(folder: Path) -> None:
    """Wait for the end of the last lease, then stop the server, if that hasn't been done."""
    while True:
        with locked(folder / "lease.lock"):  # sleeps in the kernel while anybody holds a lease
            if not is_running(folder):
                return _resign()
        time.sleep(_GRACE_S)
        start = try_lock(folder / "start.lock")
        if start is None:
            continue  # somebody is about to start the server, or is stopping it
        try:
            if postgres.stop_if_unused(folder):
                return _resign()
        finally:
            os.close(start)


def _resign() -> None:
    """Leave the post while no other can start a server that would need it."""
    os.close(sys.stdin.fileno())


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]))
    except FileNotFoundError:
        sys.exit("The folder was removed: there is nothing left to watch.")
