"""A web server in a process of its own, and a client that reads its events."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import User
from django.contrib.sessions.backends.db import SessionStore

from apps.jobs.models import JobEvent

ROOT = Path(__file__).parents[2]
PATIENCE_S = 60.0  # a busy machine takes twenty seconds to start a server


_SERVE = """
import sys, uvicorn, mediahub.asgi
from django.contrib.staticfiles.handlers import ASGIStaticFilesHandler
from apps.jobs.stream import listener
listener._CHECK_S = float(sys.argv[2])
uvicorn.run(
    ASGIStaticFilesHandler(mediahub.asgi.application), port=int(sys.argv[1]),
    lifespan="off", log_level="warning", timeout_graceful_shutdown=5,
)
"""


class Web:
    """The web server as ``manage.py up`` starts it, with one process, on the tests' database.

    ``check_s`` is how often listeners must show that they may still listen.
    """

    def __init__(self, *, check_s: float = 60.0, settings: str = "web") -> None:
        self.check_s, self.settings = check_s, settings
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port: int = free.getsockname()[1]
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [sys.executable, "-c", _SERVE, str(self.port), str(self.check_s)]
        env = {**os.environ, "DJANGO_SETTINGS_MODULE": f"mediahub.settings.{self.settings}"}
        self.process = subprocess.Popen(command, cwd=ROOT, env=env)
        deadline = time.monotonic() + PATIENCE_S
        while not self._answers():
            if time.monotonic() > deadline:
                self.close()
                raise AssertionError("the web server doesn't start")
            time.sleep(0.05)

    def _answers(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/healthz")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()

    def stop(self) -> float:
        """End it as the supervisor does; the seconds that it took."""
        assert self.process
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(PATIENCE_S)
        return time.monotonic() - began

    def close(self) -> None:
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()


@contextmanager
def served(**options: Any) -> Iterator[Web]:
    """A server for the tests of a module: to start one takes longer than most of them."""
    server = Web(**options)
    server.start()
    yield server
    server.close()


def remember_place() -> None:
    """After the database was emptied: else listeners would begin before what the server recalls."""
    JobEvent.objects.create(job_id=0, state="queued", version=1, is_progress=False)


def session_of(user: User) -> tuple[str, str]:
    """Name and value of a cookie with which the user is logged in."""
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    return settings.SESSION_COOKIE_NAME, str(session.session_key)


@dataclass
class Heard:
    """One event."""

    name: str = ""
    id: int = 0
    data: Any = None


@dataclass
class Ear:
    """Listens to ``jobs/events/``. ``last`` is the id to come back with."""

    port: int
    headers: dict[str, str]
    query: str = ""
    last: int | None = None
    response: http.client.HTTPResponse = field(init=False)

    def open(self, *, timeout_s: float = PATIENCE_S) -> Self:
        self._connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout_s)
        resumed = {"Last-Event-ID": str(self.last)} if self.last is not None else {}
        headers = {"Accept": "text/event-stream", **self.headers, **resumed}
        self._connection.request("GET", f"/api/v1/jobs/events/{self.query}", headers=headers)
        self.response = self._connection.getresponse()
        return self

    def __enter__(self) -> Self:
        return self.open()

    def __exit__(self, *_exc: object) -> None:
        self.response.close()
        self._connection.close()

    def hear(self) -> Heard | None:
        """The next event, or nothing at the stream's end."""
        heard = Heard()
        while line := self.response.readline().decode():
            name, _, value = line.rstrip("\n").partition(":")
            value = value.removeprefix(" ")
            if name == "id":
                heard.id = self.last = int(value)
            elif name == "event":
                heard.name = value
            elif name == "data":
                heard.data = json.loads(value)
            elif line == "\n" and heard.name:
                return heard
        return None

    def hear_job(self) -> Heard:
        """The next event of a job."""
        while heard := self.hear():
            if heard.name == "job":
                return heard
        raise EOFError("the stream has ended")
