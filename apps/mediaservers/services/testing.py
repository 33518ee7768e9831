"""Whether a server can be told, and whether it has our libraries where the path map says."""

import os
from dataclasses import dataclass, field
from datetime import datetime

from apps.library.models import Library
from apps.mediaservers import mapping
from apps.mediaservers.clients import Place, ServerError, Who, connect
from apps.mediaservers.models import MediaServer

_SOON_S = 15.0  # somebody waits for it


@dataclass(frozen=True, slots=True)
class LibraryThere:
    """Where a library of ours is for the server: ``inside`` is the name of its own that has it,
    nothing if none has; ``reason`` says why it can't be told of it."""

    library: str
    here: str
    there: str
    inside: str
    reason: str


@dataclass(frozen=True, slots=True)
class ServerState:
    """What a test found; ``reason`` is one of ServerError's, or outside: it lacks a library; if it
    is empty, all is well."""

    reason: str
    message: str
    product: str = ""
    name: str = ""
    version: str = ""
    libraries: list[LibraryThere] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return not self.reason


@dataclass(frozen=True, slots=True)
class Preview:
    """What becomes of one path: ``back`` is where the server's path leads here again."""

    there: str
    rule: mapping.Rule | None
    back: str
    whole: bool
    reason: str


def test_server(server: MediaServer, *, now: datetime) -> ServerState:
    """Ask a server who it is, whether it knows the token, and what it shows; nothing is told.

    If it answers, what it is to be told is told without waiting any longer.
    """
    who = Who("", "", "")
    try:
        with connect(server, timeout_s=_SOON_S) as client:
            who = client.who()
            places = client.places()
    except ServerError as error:
        return ServerState(error.reason, str(error), who.product, who.name, who.version)
    MediaServer.objects.filter(pk=server.pk).update(
        asked_at=now, answered_at=now, failing_since=None, failures=0, reason="", not_before=None,
        outcome="It answered a test.",
    )  # fmt: skip
    found = _libraries(server, places)
    said = (who.product, who.name, who.version)
    if lost := [each for each in found if each.reason]:
        names = ", ".join(each.library for each in lost[:5])
        message = f"{server} answers and knows the token, but can't be told of: {names}."
        return ServerState(lost[0].reason, message, *said, libraries=found)
    message = f"{server} answers and knows the token."
    if places is None:
        message += " Its owner is no administrator: which folders it shows was not asked."
    return ServerState("", message, *said, libraries=found)


def preview(server: MediaServer, path: str) -> Preview:
    """Where a file here is for a server, by its path map; nothing is asked of it.

    Also of a server that isn't saved yet. Raises MapRefused.
    """
    if not path.startswith("/") or "\0" in path or ".." in path.split("/"):
        raise mapping.MapRefused("Give a whole path, such as /srv/films/Film.mkv.")
    path_map = mapping.PathMap.of(mapping.cleaned(server.path_map))
    mapped = path_map.forward(os.fsencode(path))
    back = path_map.back(mapped.there) if mapped.there else None
    shown = back.decode("utf-8", "backslashreplace") if back else ""
    return Preview(mapped.there, mapped.rule, shown, mapped.whole, mapped.reason)


def _libraries(server: MediaServer, places: list[Place] | None) -> list[LibraryThere]:
    chosen = server.libraries.order_by("name")
    path_map = mapping.PathMap.of(server.path_map)
    return [
        _there(library, path_map, places) for library in chosen or Library.objects.order_by("name")
    ]


def _there(library: Library, path_map: mapping.PathMap, places: list[Place] | None) -> LibraryThere:
    mapped = path_map.forward(library.root_bytes)
    inside = next((p.library for p in places or () if mapping.is_within(mapped.there, p.path)), "")
    # it may show parts of the library only
    parts = any(mapping.is_within(p.path, mapped.there) for p in places or ())
    lost = places is not None and not inside and not parts
    reason = mapped.reason or ("outside" if lost else "")
    return LibraryThere(library.name, library.root, mapped.there, inside, reason)
