"""The embedded PostgreSQL: a server that its users share, kept by nobody but them.

Each process that uses it holds a lease, a shared kernel lock, until it ends in whatever way. The
first one starts the server; a janitor stops it soon after the last lease is gone. Everything lives
under ``DATA_DIR/postgres``; nothing listens on the network. Linux only.
"""

import hashlib
import os
import stat
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from apps.core import process
from apps.core.errors import MediaHubError
from mediahub.postgres import cluster
from mediahub.postgres.locks import lock_within, locked, try_lock

__all__ = ["DataFolderUnusable", "Server", "ensure", "leave"]

_ROOT = Path(__file__).resolve().parents[2]
_STOP_TIMEOUT_S = 120.0
_LONGEST_SOCKET_NAME = 107
_leases: dict[Path, int] = {}
_mutex = threading.Lock()


class DataFolderUnusable(MediaHubError):
    """The data folder, or something in it, may not be read or written by this account."""

    code = "data_folder_unusable"


@dataclass(frozen=True, slots=True)
class Server:
    """How to reach a database. ``host`` is the folder of the server's socket."""

    host: str
    port: int = cluster.PORT
    user: str = cluster.ROLE
    dbname: str = cluster.DATABASE

    @property
    def url(self) -> str:
        return (
            f"postgresql://{self.user}@/{self.dbname}?host={quote(self.host, '')}&port={self.port}"
        )


def ensure(data_dir: Path, *, binaries: Path | None = None, fast: bool = False) -> Server:
    """See that the server under ``data_dir`` runs and stays while this process lives.

    Costs about a millisecond when it runs already. ``binaries`` is the folder of PostgreSQL's
    programs if the user named one. ``fast`` makes a new cluster a throwaway for tests: without
    fsync, deleted when it is stopped. Raises subclasses of MediaHubError.
    """
    folder = data_dir.absolute() / "postgres"
    try:
        with _mutex:
            return _join(folder, binaries=binaries, fast=fast)
    except OSError as error:
        raise DataFolderUnusable(
            f"The database under {data_dir} can't be used by this account: "
            f"{error.strerror} ({error.filename or folder})."
        ) from error


def leave(data_dir: Path, *, patience_s: float = 0.0) -> bool:
    """Give up this process' lease and, if no other is left, stop the server and wait for its end.

    Gives other users ``patience_s`` to leave, too. Returns whether the server is stopped now.
    """
    folder = data_dir.absolute() / "postgres"
    with _mutex:
        if (lease := _leases.pop(folder, None)) is not None:
            os.close(lease)
    if not folder.is_dir():
        return True
    with locked(folder / "start.lock"):
        stopped = stop_if_unused(folder, patience_s=patience_s)
        if stopped and folder.is_dir():
            post = lock_within(folder / "janitor.lock", seconds=5)  # the janitor sees it, and goes
            if post is not None:
                os.close(post)
    return stopped


def stop_if_unused(folder: Path, *, patience_s: float = 0.0) -> bool:
    """Stop the server unless a lease is left; the caller holds the start lock."""
    lease = lock_within(folder / "lease.lock", seconds=patience_s)
    if lease is None:
        return False
    try:
        cluster.stop(folder)
    finally:
        os.close(lease)
    return True


def _join(folder: Path, *, binaries: Path | None, fast: bool) -> Server:
    if folder not in _leases:
        _leases[folder] = _take_lease(folder)
    data = cluster.find_data(folder)
    if data is None or not cluster.is_ready(data):
        with locked(folder / "start.lock"):
            data = cluster.start(folder, binaries=binaries, fast=fast)
    _post_janitor(folder)
    return Server(host=str(_shorten(data)))


def _take_lease(folder: Path) -> int:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    lease = lock_within(folder / "lease.lock", shared=True, seconds=_STOP_TIMEOUT_S)
    if lease is None:
        raise cluster.ServerFailed(f"PostgreSQL in {folder} is being stopped, and does not end.")
    return lease


def _post_janitor(folder: Path) -> None:
    """Start a janitor if there is none. Its post is a lock that goes over to it as its stdin."""
    post = try_lock(folder / "janitor.lock")
    if post is None:
        return
    command = ["setsid", "--fork", sys.executable, "-m", "mediahub.postgres.janitor", str(folder)]
    with os.fdopen(post, "rb") as held, (folder / "janitor.log").open("wb") as log:
        process.spawn(
            command, stdin=held, stdout=log, stderr=log, cwd=_ROOT, env={"PATH": os.defpath},
            survives_parent=True,
        ).wait()  # fmt: skip


def _shorten(data: Path) -> Path:
    """A folder name short enough for a socket's address: a link, where the real one is too long."""
    if len(os.fsencode(data / cluster.SOCKET)) <= _LONGEST_SOCKET_NAME:
        return data
    user = os.geteuid()
    place = Path("/run/mediahub") if user == 0 else Path(f"/tmp/mediahub-{user}")  # noqa: S108 checked
    place.mkdir(mode=0o700, exist_ok=True)
    found = place.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != user or found.st_mode & 0o077:
        raise DataFolderUnusable(f"{place} must be a folder that belongs to this account alone.")
    link = place / hashlib.sha256(os.fsencode(data)).hexdigest()[:16]
    try:
        link.symlink_to(data)
    except FileExistsError:  # the name is the digest of what it points to
        return link
    return link
