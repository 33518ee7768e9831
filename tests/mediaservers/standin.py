"""Media servers that aren't any: the true protocols over real HTTP, with files of their own.

Whatever a real one would not understand is a fault, which the fixture's end fails by.
"""

import json
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from apps.mediaservers.choices import ServerKind

TOKEN = "f00dfeed" * 4
USER_TOKEN = "of-somebody-who-is-no-administrator"
LATER = datetime(2100, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Asked:
    """A request as it came."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


@dataclass(frozen=True)
class Answer:
    status: int = 200
    body: Any = None
    headers: tuple[tuple[str, str], ...] = ()


@dataclass
class StandIn:
    """One server. ``disk`` is what files are there for it (sizes by paths), ``items`` what it has
    taken in. A ``deaf`` one says yes and does nothing."""

    kind: ServerKind
    version: str = "12.0.1"
    folders: dict[str, str] = field(default_factory=lambda: {"/media/films": "Films"})
    disk: dict[str, int] = field(default_factory=dict)
    items: dict[str, int] = field(default_factory=dict)
    deaf: bool = False
    url: str = ""
    trouble: list[Answer] = field(default_factory=list)
    requests: list[Asked] = field(default_factory=list)
    told: list[Any] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def asked(self, path: str) -> list[Asked]:
        return [each for each in self.requests if each.path == path]

    def answer(self, asked: Asked) -> Answer:
        self.requests.append(asked)
        if self.trouble:
            return self.trouble.pop(0)
        door = _DOORS[self.kind].get(str(asked))
        arguments: list[str] = []
        if door is None and self.kind == ServerKind.PLEX:
            door, arguments = _section(asked)
        if door is None:
            return Answer(404, "Not Found")
        if asked.path not in {"/System/Info/Public", "/identity"}:
            refused = self._refused(asked)
            if refused:
                return refused
        return door(self, asked, *arguments)

    def _refused(self, asked: Asked) -> Answer | None:
        """By the token, which each kind wants in a header of its own."""
        if {"api_key", "X-Plex-Token", "ApiKey"} & set(asked.query):
            self.faults.append(f"a token in the address of {asked}")
        wanted = {
            ServerKind.JELLYFIN: ("authorization", 'MediaBrowser Token="{}"'),
            ServerKind.EMBY: ("x-emby-token", "{}"),
            ServerKind.PLEX: ("x-plex-token", "{}"),
        }  # fmt: skip
        header, shape = wanted[self.kind]
        said = asked.headers.get(header, "")
        if said == shape.format(USER_TOKEN) and asked.path == "/Library/VirtualFolders":
            return Answer(403)
        if said in {shape.format(TOKEN), shape.format(USER_TOKEN)}:
            return None
        return Answer(401, "Access token is invalid or expired.")

    def take_in(self, path: str) -> None:
        """What the server does by and by after it was told."""
        if self.deaf:
            return
        self.items.pop(path, None)
        if path in self.disk:
            self.items[path] = self.disk[path]


def _public(server: StandIn, _asked: Asked) -> Answer:
    said = {"ServerName": "Living room", "Version": server.version, "Id": "4ab1"}
    if server.kind == ServerKind.JELLYFIN:
        said["ProductName"] = "Jellyfin Server"
    return Answer(body=said)


def _folders(server: StandIn, _asked: Asked) -> Answer:
    libraries = sorted(set(server.folders.values()))
    return Answer(
        body=[
            {
                "Name": name, "ItemId": f"id-{name}", "CollectionType": "movies",
                "Locations": [path for path, of in server.folders.items() if of == name],
            }
            for name in libraries
        ]
    )  # fmt: skip


def _updated(server: StandIn, asked: Asked) -> Answer:
    if not asked.headers.get("content-type", "").startswith("application/json"):
        return Answer(415)
    body = json.loads(asked.body)
    if set(body) != {"Updates"} or not body["Updates"]:
        server.faults.append(f"no updates in {body}")
        return Answer(400)
    for each in body["Updates"]:
        if set(each) != {"Path", "UpdateType"} or each["UpdateType"] not in _UPDATES:
            server.faults.append(f"an update that is none: {each}")
        server.told.append((each["Path"], each["UpdateType"]))
        if any(each["Path"].startswith(folder) for folder in server.folders):
            server.take_in(each["Path"])
    return Answer(204)  # whatever the paths were


_UPDATES = {"Created", "Modified", "Deleted"}
_KNOWN = {
    "recursive", "mediaTypes", "fields", "enableImages", "enableUserData",
    "enableTotalRecordCount", "minDateLastSaved", "sortBy", "sortOrder", "startIndex", "limit",
    "searchTerm", "Path",
}  # fmt: skip


def _items(server: StandIn, asked: Asked) -> Answer:
    query = asked.query
    server.faults += [f"no such parameter: {name}" for name in set(query) - _KNOWN]
    if server.kind == ServerKind.JELLYFIN and "Path" in query:
        server.faults.append("Jellyfin can't be asked for a path")
    found = dict(server.items) if query.get("recursive") == "true" else {}
    if since := query.get("minDateLastSaved"):
        recent = datetime.strptime(since, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC) < LATER
        found = {path: size for path, size in found.items() if recent and "old" not in path}
    if (term := query.get("searchTerm")) is not None:
        found = {p: s for p, s in found.items() if term.casefold() in _title(p).casefold()}
    if (path := query.get("Path")) is not None:
        found = {p: s for p, s in found.items() if p == path}
    start = int(query.get("startIndex", 0))
    some = list(found.items())[start : start + int(query["limit"])]
    listed = [
        {
            "Name": _title(path), "Id": f"{number}", "Path": path,
            "MediaSources": [{"Path": path, "Size": size}],
        }
        for number, (path, size) in enumerate(some)
    ]  # fmt: skip
    return Answer(body={"Items": listed, "TotalRecordCount": 0, "StartIndex": start})


def _title(path: str) -> str:
    """As servers take one from a file's name."""
    return path.rpartition("/")[2].partition(" (")[0].rpartition(".")[0] or path


def _container(asked: Asked, **inner: Any) -> Answer:
    """Plex speaks XML to whoever does not ask for JSON."""
    if asked.headers.get("accept") != "application/json":
        return Answer(body="<?xml version='1.0'?><MediaContainer/>")
    return Answer(body={"MediaContainer": inner})


def _identity(server: StandIn, asked: Asked) -> Answer:
    return _container(asked, machineIdentifier="9f", version=server.version, size=0)


def _sections(server: StandIn, asked: Asked) -> Answer:
    names = list(dict.fromkeys(server.folders.values()))
    listed = [
        {
            "key": str(number), "type": "photo" if name == "Photos" else "movie", "title": name,
            "Location": [
                {"id": 1, "path": path} for path, of in server.folders.items() if of == name
            ],
        }
        for number, name in enumerate(names, start=1)
    ]  # fmt: skip
    return _container(asked, size=len(listed), Directory=listed)


def _refresh(server: StandIn, asked: Asked, key: str) -> Answer:
    if not 0 < int(key) <= len(server.folders):
        return Answer(404)
    folder = asked.query["path"]
    server.told.append((key, folder))
    for path in {*server.disk, *server.items}:
        if path.startswith(folder + "/"):
            server.take_in(path)
    return Answer(body="")


def _all(server: StandIn, asked: Asked, _key: str) -> Answer:
    query = asked.query
    known = {"type", "sort", "title", "X-Plex-Container-Start", "X-Plex-Container-Size"}
    server.faults += [f"no such parameter: {name}" for name in set(query) - known]
    found = list(server.items.items())
    if "title" in query:
        found = [each for each in found if query["title"].casefold() in _title(each[0]).casefold()]
    start, size = int(query["X-Plex-Container-Start"]), int(query["X-Plex-Container-Size"])
    listed = [
        {"ratingKey": str(n), "Media": [{"Part": [{"file": path, "size": bytes_}]}]}
        for n, (path, bytes_) in enumerate(found[start : start + size])
    ]
    return _container(asked, size=len(listed), Metadata=listed)


def _section(asked: Asked) -> tuple[Callable[..., Answer] | None, list[str]]:
    parts = asked.path.strip("/").split("/")
    if asked.method != "GET" or len(parts) != 4 or parts[:2] != ["library", "sections"]:
        return None, []
    return {"refresh": _refresh, "all": _all}.get(parts[3]), [parts[2]]


_SHARED = {
    "GET /System/Info/Public": _public, "GET /Library/VirtualFolders": _folders,
    "POST /Library/Media/Updated": _updated, "GET /Items": _items,
}  # fmt: skip
_DOORS: dict[ServerKind, dict[str, Callable[..., Answer]]] = {
    ServerKind.JELLYFIN: _SHARED,
    ServerKind.EMBY: _SHARED,
    ServerKind.PLEX: {"GET /identity": _identity, "GET /library/sections": _sections},
}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: "_Server"

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def _answer(self) -> None:
        parts = urlsplit(self.path)
        length = int(self.headers.get("Content-Length", 0))
        asked = Asked(
            self.command, parts.path, dict(parse_qsl(parts.query, keep_blank_values=True)),
            {name.lower(): value for name, value in self.headers.items()}, self.rfile.read(length),
        )  # fmt: skip
        answer = self.server.standin.answer(asked)
        content = answer.body if answer.body is not None else ""
        plain = isinstance(content, str)
        body = content.encode() if plain else json.dumps(content).encode()
        self.send_response(answer.status)
        for name, value in answer.headers:
            self.send_header(name, value)
        self.send_header("Content-Type", "text/plain" if plain else "application/json")
        if answer.status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if answer.status != 204:
            self.wfile.write(body)

    def log_message(self, *_args: Any) -> None:
        """Tests say themselves what was asked."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    standin: StandIn

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Whoever has read enough may hang up; all else is a fault of the stand-in's own."""
        if not isinstance(sys.exception(), ConnectionError):
            self.standin.faults.append(repr(sys.exception()))


@contextmanager
def serve(kind: ServerKind, **values: Any) -> Iterator[StandIn]:
    """A stand-in of a kind on a free port of this machine."""
    standin = StandIn(kind, **values)
    with _Server(("127.0.0.1", 0), _Handler) as server:
        server.standin = standin
        standin.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield standin
        finally:
            server.shutdown()
            thread.join()
    assert not standin.faults, standin.faults
