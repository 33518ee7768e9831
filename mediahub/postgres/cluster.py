"""One cluster on disk, in ``FOLDER/data-<major>``: making it, starting and stopping its server.

Whoever calls these functions holds the folder's start lock. Whether a server lives is asked of the
kernel, not of pid files: every server process inherits, as its stdin, the lock on ``server.lock``.

The server is started *in* its data directory and knows it as ``/proc/self/cwd``, its socket as
``.``. So a service account that root lends it needs no way through the folders above, and neither
odd characters nor the length of their names matter.
"""

import os
import re
import shutil
import signal
import socket
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

from apps.core import process
from apps.core.errors import MediaHubError
from mediahub.postgres.account import Account, choose_account
from mediahub.postgres.filesystems import refuse_network_folder
from mediahub.postgres.locks import lock_within, try_lock
from mediahub.postgres.programs import Programs, find_programs, make_reachable

PORT = 5432
SOCKET = f".s.PGSQL.{PORT}"
ROLE = DATABASE = "mediahub"
_ENVIRONMENT = {"PATH": os.defpath, "LANG": "C.UTF-8"}  # the caller's secrets are not the server's
_START_TIMEOUT_S = 300.0  # recovery after a power cut reads up to max_wal_size from a slow disk
_STOP_STEPS = ((signal.SIGINT, 60.0), (signal.SIGQUIT, 15.0), (signal.SIGKILL, 15.0))
_THROWAWAY = "throwaway"
# Everyday work goes through a role that may not read files or run programs on the server.
_BOOTSTRAP = f"""\
CREATE ROLE {ROLE} LOGIN CREATEDB IN ROLE pg_monitor;
CREATE DATABASE {DATABASE} OWNER {ROLE};
"""
_MEMORY = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
_SETTINGS = {
    "listen_addresses": "",
    "port": str(PORT),
    "unix_socket_directories": ".",
    "max_connections": "100",
    # An edit of many videos touches most pages of their twenty indexes: a million's are 1 GB.
    "shared_buffers": f"{min(1_024, max(128, _MEMORY // 8 // 2**20))}MB",
    "max_wal_size": "4GB",
    "maintenance_work_mem": "128MB",
    "work_mem": "8MB",
    "random_page_cost": "1.1",
    # The tables of a large library: as 4 GB, the planner would read a whole index in order for a
    # page of few rows, as if each page of the table were read once.
    "effective_cache_size": "512MB",
    "jit": "off",  # compiles for longer than our short queries run
    "recovery_init_sync_method": "syncfs",
    "cluster_name": "mediahub",
}
_LOGGING = {  # a week of logs, one file a weekday
    "logging_collector": "on",
    "log_filename": "postgresql-%a.log",
    "log_truncate_on_rotation": "on",
    "log_rotation_age": "1d",
    "log_rotation_size": "0",
    "log_min_duration_statement": "2s",
    "log_lock_waits": "on",
}
_CARELESS = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}


class ServerFailed(MediaHubError):
    """PostgreSQL could not be set up, started or stopped; its last words are in the text."""

    code = "postgresql_failed"


def find_data(folder: Path) -> Path | None:
    """The cluster in ``folder``, of the newest version if there are several."""
    made = [p for p in folder.glob("data-*") if re.fullmatch(r"data-\d+", p.name)]
    return max(made, key=lambda p: int(p.name.removeprefix("data-")), default=None)


def is_ready(data: Path) -> bool:
    """Whether a server answers on this cluster's socket and takes queries."""
    folder = os.open(data, os.O_PATH | os.O_CLOEXEC)  # a socket's name has room for 107 bytes
    try:
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(f"/proc/self/fd/{folder}/{SOCKET}")
        return (data / "postmaster.pid").read_text().split()[-1] == "ready"
    except (FileNotFoundError, ConnectionRefusedError, IndexError):
        return False
    finally:
        os.close(folder)


def is_running(folder: Path) -> bool:
    """Whether any server process lives, though it may not answer."""
    lock = try_lock(folder / "server.lock")
    if lock is not None:
        os.close(lock)
    return lock is None


def start(folder: Path, *, binaries: Path | None, fast: bool) -> Path:
    """Make the cluster if there is none, start its server, wait until it is ready; return its data.

    A cluster made with ``fast`` is a throwaway: no fsync, deleted when its server is stopped.
    Raises NoPrograms, NoServiceAccount, NetworkFolder, ServerFailed.
    """
    data = find_data(folder)
    refuse_network_folder(folder)
    account = choose_account(data)
    major = None if data is None else int(data.name.removeprefix("data-"))
    programs = make_reachable(find_programs(binaries, major=major), account)
    if data is None:
        data = _create(folder, programs, account, fast=fast)
    launched = False
    deadline = time.monotonic() + _START_TIMEOUT_S
    while not is_ready(data):
        lock = try_lock(folder / "server.lock")
        if lock is not None:
            with os.fdopen(lock, "rb") as held:
                if launched:
                    raise ServerFailed(f"PostgreSQL ended while it started: {_last_words(folder)}")
                _launch(folder, data, programs, account, lock=held)
            launched = True
        elif time.monotonic() > deadline:
            raise ServerFailed(f"PostgreSQL in {data} did not become ready: {_last_words(folder)}")
        time.sleep(0.02)
    return data


def stop(folder: Path) -> None:
    """Stop the server and wait until its last process is gone; delete the cluster if a throwaway.

    Asks for a clean end first, then for a quick one, then kills. Raises ServerFailed.
    """
    data = find_data(folder)
    for number, patience_s in _STOP_STEPS:
        if data is not None:
            _signal_server(data, number)
        if (lock := lock_within(folder / "server.lock", seconds=patience_s)) is not None:
            os.close(lock)
            break
    else:
        raise ServerFailed(f"PostgreSQL in {data} does not end, even when killed.")
    if (folder / _THROWAWAY).exists():
        shutil.rmtree(folder.rename(folder.with_name(f"{folder.name}.gone")))  # none may come in


def _create(folder: Path, programs: Programs, account: Account, *, fast: bool) -> Path:
    """Make a cluster, complete with role and database, or nothing: it appears by a rename."""
    for leftover in folder.glob("data-*.new*"):
        shutil.rmtree(leftover, ignore_errors=True)  # what was killed may still be dying in there
    data = folder / f"data-{programs.major}"
    draft = Path(tempfile.mkdtemp(prefix=f"{data.name}.new", dir=folder))
    if account.user is not None and account.group is not None:
        os.chown(draft, account.user, account.group)
        folder.chmod(0o711)  # lets the account through, where the folders above do
    flags = ["--pgdata", _name_for(draft, programs), *_initdb_flags(programs, fast=fast)]
    _execute(folder, draft, account, [str(programs.folder / "initdb"), *flags])
    with tempfile.TemporaryFile() as commands:
        commands.write(_BOOTSTRAP.encode())
        commands.seek(0)
        single = ["--single", "-D", _name_for(draft, programs), "postgres"]
        server = [str(programs.folder / "postgres"), *single]
        _execute(folder, draft, account, server, stdin=commands)
    if fast:
        (folder / _THROWAWAY).touch()
    draft.rename(data)
    return data


def _name_for(data: Path, programs: Programs) -> str:
    """What a program that is started in ``data`` is to call it."""
    return "/proc/self/cwd" if programs.major >= 16 else str(data)  # older ones change directory


def _initdb_flags(programs: Programs, *, fast: bool) -> list[str]:
    flags = ["--username", "postgres", "--encoding", "UTF8"]
    flags += ["--auth-local", "trust", "--auth-host", "reject"]  # only we reach the socket
    flags += ["--locale", "C.UTF-8"]
    if programs.major >= 17:
        flags += ["--locale-provider", "builtin", "--builtin-locale", "C.UTF-8"]
    if fast:
        flags += ["--no-sync"]
    elif programs.major >= 17:
        flags += ["--sync-method", "syncfs"]  # one call instead of one for each of 1,000 files
    return flags


def _launch(
    folder: Path, data: Path, programs: Programs, account: Account, *, lock: IO[bytes]
) -> None:
    # No server process lives, for we hold its lock: what names one is left from a crash, and a
    # number that another program has by now would keep the server from starting.
    for leftover in ("postmaster.pid", SOCKET, f"{SOCKET}.lock"):
        (data / leftover).unlink(missing_ok=True)
    settings = _SETTINGS | (_CARELESS if (folder / _THROWAWAY).exists() else _LOGGING)
    flags = [f"--{name}={value}" for name, value in settings.items()]
    server = [str(programs.folder / "postgres"), "-D", _name_for(data, programs), *flags]
    # setsid --fork leaves: the server becomes a child of init, which reaps it.
    _execute(folder, data, account, ["setsid", "--fork", *server], stdin=lock, survives_parent=True)


def _execute(
    folder: Path,
    data: Path,
    account: Account,
    arguments: Sequence[str],
    *,
    stdin: IO[bytes] | None = None,
    survives_parent: bool = False,
) -> None:
    with (folder / "server.log").open("wb") as log:
        status = process.spawn(
            arguments, stdin=log if stdin is None else stdin, stdout=log, stderr=log, cwd=data,
            env=_ENVIRONMENT, user=account.user, group=account.group, umask=0o077,
            survives_parent=survives_parent,
        ).wait()  # fmt: skip
    if status != 0:
        raise ServerFailed(f"PostgreSQL could not be set up: {_last_words(folder)}")


def _signal_server(data: Path, number: signal.Signals) -> None:
    with suppress(FileNotFoundError, ProcessLookupError, IndexError, ValueError):
        pid = int((data / "postmaster.pid").read_text().split()[0])
        if Path(f"/proc/{pid}/comm").read_text().strip() == "postgres":  # not a stale number's heir
            os.kill(pid, number)


def _last_words(folder: Path) -> str:
    lines = (folder / "server.log").read_text(errors="replace").split("\n")
    return " / ".join(line.strip() for line in lines[-6:] if line.strip()) or "it said nothing."
