"""MediaHub as people run it (``manage.py up`` with its own data folder), and its sudden ends."""

import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psycopg

from benchmarks import place

_PATIENCE_S = 120.0


class Running:
    """Supervisor, web, workers, scheduler and PostgreSQL; a context manager that leaves nothing.

    ``settings`` are further environment variables. The data folder is made anew.
    """

    def __init__(self, name: str, **settings: str) -> None:
        self.data = place.BUILD / "running" / name
        shutil.rmtree(self.data, ignore_errors=True)
        self.data.mkdir(parents=True)
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.bind = f"127.0.0.1:{free.getsockname()[1]}"
        kept = ("DATABASE_URL", "DJANGO_SETTINGS_MODULE")
        self.environment = {
            **{key: value for key, value in os.environ.items() if key not in kept},
            "MEDIAHUB_DATA_DIR": str(self.data), "MEDIAHUB_BIND": self.bind, "MEDIAHUB_DEMO": "0",
            "MEDIAHUB_ENV_FILE": os.devnull, "MEDIAHUB_SETTLE_SECONDS": "0", **settings,
        }  # fmt: skip
        self.token = ""
        self._up: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        made = self.manage("createtoken", "admin", "--scope", "ops")
        self.token = made.stdout.decode().strip()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._up is not None:
            self._up.terminate()
            with suppress(subprocess.TimeoutExpired):
                self._up.wait(30)
        self.kill_everything()
        if error is None:  # else its logs tell why
            shutil.rmtree(self.data, ignore_errors=True)

    def start(self) -> None:
        """Start it and wait until it answers."""
        with (self.data / "output.log").open("ab") as output:
            self._up = subprocess.Popen(
                [sys.executable, "manage.py", "up"],
                cwd=place.ROOT, env=self.environment, stdin=subprocess.DEVNULL,
                stdout=output, stderr=output, start_new_session=True,
            )  # fmt: skip
        wait_for(lambda: self.get("/healthz") == 200)

    def get(self, path: str) -> int:
        """The status of a page; 0 if nobody answers."""
        request = urllib.request.Request(
            f"http://{self.bind}{path}", headers={"Authorization": f"Bearer {self.token}"}
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                answer.read()
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return 0

    def post(self, path: str, body: dict[str, Any]) -> Any:
        """What the API answers to JSON."""
        request = urllib.request.Request(
            f"http://{self.bind}/api/v1/{path}",
            json.dumps(body).encode(),
            {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def add_library(self, root: Path, name: str) -> int:
        return int(self.post("libraries/", {"name": name, "root": str(root)})["id"])

    def scan(self, library: int) -> int:
        """Ask for a scan; the id of its job."""
        return int(self.post(f"libraries/{library}/scan/", {})["id"])

    def sql(self, statement: str, values: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        """Ask the database, without keeping it alive; what fails for now is tried again."""
        deadline = time.monotonic() + _PATIENCE_S
        while True:
            try:
                with psycopg.connect(self._url(), autocommit=True) as connection:
                    cursor = connection.execute(statement, values)
                    return cursor.fetchall() if cursor.description else []
            except psycopg.OperationalError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)

    def job(self, job: int) -> str:
        """Its state."""
        return str(self.sql("SELECT state FROM jobs_job WHERE id = %s", (job,))[0][0])

    def has_ended(self, job: int) -> bool:
        return self.job(job) in {"succeeded", "failed", "cancelled"}

    def workers(self) -> list[int]:
        """The processes of the disk queue's cluster, without the children that read media."""
        return [pid for pid in _ours(self.data) if b"worker\0disk\0" in _file(pid, "cmdline")]

    def kill_worker(self, chance: random.Random) -> None:
        """All of the cluster at once, or only the process that runs the scan."""
        workers = self.workers()
        busy = [pid for pid in workers if _children(pid) - set(workers)]
        _kill(workers if chance.random() < 0.5 or not busy else [chance.choice(busy)])

    def kill_database(self) -> None:
        _kill(self._postmaster())

    def kill_everything(self) -> None:
        """As when the power fails."""
        _kill([*self._postmaster(), *_ours(self.data)])
        if self._up is not None:
            self._up.wait()
        # PostgreSQL's own processes see that theirs is gone
        wait_for(lambda: not _ours(self.data) and not self._postmaster(), kill=self.kill_rest)

    def kill_rest(self) -> None:
        _kill(_ours(self.data))

    def _postmaster(self) -> list[int]:
        for file in self.data.glob("postgres/data-*/postmaster.pid"):
            pid = int(file.read_text().split()[0])
            if _file(pid, "comm").startswith(b"postgres"):
                return [pid]
        return []

    def _url(self) -> str:
        (data,) = self.data.glob("postgres/data-*")
        return f"postgresql://mediahub@/mediahub?host={data}&port=5432"

    def manage(self, *arguments: str) -> "subprocess.CompletedProcess[bytes]":
        """Run a command of ``manage.py``."""
        command = [sys.executable, "manage.py", *arguments]
        return subprocess.run(
            command, cwd=place.ROOT, env=self.environment, check=True, capture_output=True
        )


def wait_for(
    condition: Callable[[], bool], *, limit_s: float = _PATIENCE_S, kill: Any = None
) -> float:
    """Seconds until it was so. Raises TimeoutError."""
    began = time.monotonic()
    while not condition():
        if time.monotonic() - began > limit_s:
            raise TimeoutError("It never came to that.")
        if kill:
            kill()
        time.sleep(0.05)
    return time.monotonic() - began


def _ours(data: Path) -> list[int]:
    """The living processes that have this data folder in their environment."""
    mark = b"MEDIAHUB_DATA_DIR=" + os.fsencode(data)
    pids = [int(path.name) for path in Path("/proc").glob("[0-9]*")]
    return [pid for pid in pids if mark in _file(pid, "environ").split(b"\0")]


def _file(pid: int, name: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes()
    except OSError:
        return b""


def _children(pid: int) -> set[int]:
    return {int(one) for one in _file(pid, f"task/{pid}/children").split()}


def _kill(pids: list[int]) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
