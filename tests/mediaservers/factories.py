"""Media servers and notices, made in one line."""

import itertools
from datetime import timedelta
from typing import Any

from apps.core.sealing import seal
from apps.mediaservers.choices import ChangeKind, NoticeState, ServerKind
from apps.mediaservers.models import MediaServer, Notice
from apps.mediaservers.querysets import key_of
from tests.factories import NOON

_numbers = itertools.count(1)
TOKEN = "0123456789abcdef0123456789abcdef"


def make_server(name: str = "", **values: Any) -> MediaServer:
    """A Jellyfin that isn't there."""
    number = next(_numbers)
    values = {
        "kind": ServerKind.JELLYFIN, "url": f"http://127.0.0.1:9/{number}",
        "sealed_token": seal(TOKEN), **values,
    }  # fmt: skip
    libraries = values.pop("libraries", ())
    server = MediaServer.objects.create(name=name or f"Server {number}", **values)
    server.libraries.set(libraries)
    return server


def make_notice(server: MediaServer | None = None, path: bytes = b"", **values: Any) -> Notice:
    """One that is to be told."""
    path = path or b"/srv/films/%d.mkv" % next(_numbers)
    state = values.get("state", NoticeState.WAITING)
    over = state in {NoticeState.CONFIRMED, NoticeState.FAILED}
    values = {
        "path": path, "key": key_of(path), "shown": path.decode("utf-8", "backslashreplace"),
        "change": ChangeKind.CREATED, "made_at": NOON, "changed_at": NOON,
        "next_at": None if over else NOON + timedelta(seconds=10),
        "ended_at": NOON if over else None, **values,
    }  # fmt: skip
    return Notice.objects.create(server=server or make_server(), **values)
