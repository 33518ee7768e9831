"""Plex, which is told of folders, section by section."""

from collections.abc import Collection
from types import TracebackType
from typing import Any, Self

from apps.mediaservers import mapping
from apps.mediaservers.clients.exchange import Exchange, ServerError
from apps.mediaservers.clients.shapes import (
    Found,
    Known,
    Place,
    Update,
    Wanted,
    Who,
    line,
    objects,
    path_of,
    size_of,
    words_of,
)

_PAGE = 200
_MOST_PAGES = 3
_MOST_SOUGHT = 20
# what has files, by the section's type: films, episodes, clips
_FILES = {"movie": 1, "show": 4}


class Plex:
    """A Plex Media Server. See ``Client``."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:  # fmt: skip
        self._exchange.close()

    def who(self) -> Who:
        said = self._container("/identity")
        if not said.get("machineIdentifier"):
            raise ServerError("wrong_kind", f"{self._exchange.server} is no Plex.")
        return Who(
            "Plex Media Server", line(said.get("friendlyName")), line(said.get("version"), 60)
        )

    def places(self) -> list[Place] | None:
        self._exchange.require_token()
        return [
            Place(key, line(section.get("title")), path, line(section.get("type"), 20))
            for section in objects(self._container("/library/sections").get("Directory"), 1_000)
            for folder in objects(section.get("Location"), 1_000)
            if (path := path_of(folder.get("path"))) and (key := _key(section.get("key")))
        ]

    def tell(self, updates: list[Update], places: list[Place]) -> None:
        """Folders in no section are passed over: Plex would say yes to them, and do nothing."""
        self._exchange.require_token()
        asked: dict[tuple[str, str], None] = {}
        for each in updates:
            folder = mapping.parent(each.path)
            for place in _around(each.path, places):
                within = mapping.is_within(folder, place.path)
                asked[place.key, folder if within else place.path] = None
        for key, folder in asked:
            self._exchange.call("GET", f"/library/sections/{key}/refresh", params={"path": folder})

    def find(self, wanted: list[Wanted], places: list[Place]) -> Found:
        self._exchange.require_token()
        known: dict[str, Known] = {}
        sought: set[str] = set()
        sections = {
            place.key: _FILES[place.sort]
            for each in wanted
            for place in _around(each.path, places)
            if place.sort in _FILES
        }
        for key, sort in sections.items():
            here = {p.path for p in places if p.key == key}
            of_it = [w for w in wanted if any(mapping.is_within(w.path, one) for one in here)]
            self._list(key, sort, of_it, known)
            for each in [w for w in of_it if w.path not in known][: _MOST_SOUGHT - len(sought)]:
                self._note([each], known, self._ask(key, sort, title=words_of(each.path)))
                sought.add(each.path)
        seen = {each.path for each in wanted if _in_any(each.path, places, sections)}
        return Found(known, known.keys() | sought, {each.path for each in wanted} - seen)

    def _list(self, key: str, sort: int, wanted: list[Wanted], known: dict[str, Known]) -> None:
        """What the server has touched last. To ask for what it did since a time is of no use: it
        takes such filters without an error and leaves them aside."""
        for page in range(_MOST_PAGES):
            items = self._ask(key, sort, start=page * _PAGE, sort="updatedAt:desc")
            self._note(wanted, known, items)
            if len(items) < _PAGE or all(each.path in known for each in wanted):
                return

    def _ask(self, key: str, kind: int, *, start: int = 0, **asked: str) -> list[dict[str, Any]]:
        bounds = {"X-Plex-Container-Start": start, "X-Plex-Container-Size": _PAGE}
        said = self._container(f"/library/sections/{key}/all", {"type": kind, **asked, **bounds})
        return objects(said.get("Metadata"), _PAGE)

    def _container(
        self, path: str, parameters: dict[str, str | int] | None = None
    ) -> dict[str, Any]:
        said = self._exchange.get(path, parameters)
        inner = said.get("MediaContainer") if isinstance(said, dict) else None
        if not isinstance(inner, dict):
            raise ServerError(
                "wrong_kind", f"{self._exchange.server} did not answer as a Plex does."
            )
        return inner

    def _note(
        self, wanted: list[Wanted], known: dict[str, Known], items: list[dict[str, Any]]
    ) -> None:
        there = {
            mapping.plain(path): Known(size_of(part.get("size")))
            for item in items
            for media in objects(item.get("Media"), 100)
            for part in objects(media.get("Part"), 100)
            if (path := path_of(part.get("file")))
        }
        for one in wanted:
            if (found := there.get(mapping.plain(one.path))) is not None:
                known[one.path] = found


def _around(path: str, places: list[Place]) -> list[Place]:
    """The folders of each section in which a file is, of each the innermost."""
    around = [place for place in places if mapping.is_within(path, place.path)]
    innermost = {place.key: place for place in sorted(around, key=lambda place: len(place.path))}
    return list(innermost.values())


def _in_any(path: str, places: list[Place], keys: Collection[str]) -> bool:
    return any(place.key in keys for place in _around(path, places))


def _key(value: Any) -> str:
    """A section's key, which becomes part of an address."""
    text = str(value) if isinstance(value, str | int) else ""
    return text if text.isascii() and text.isdigit() and len(text) < 10 else ""
