"""Jellyfin, and Emby, from which it comes: they differ in how one says who one is, and in how a
file is looked up."""

from datetime import UTC, datetime, timedelta
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

_PAGE = 500
_MOST_PAGES = 4
_MOST_SOUGHT = 20
_CLOCKS = timedelta(minutes=15)  # how far theirs may be ahead of or behind ours


class Jellyfin:
    """One that speaks the protocol of Jellyfin 10 and later. See ``Client``."""

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
        said = self._exchange.get("/System/Info/Public")
        if not isinstance(said, dict) or not (said.get("Id") and said.get("Version")):
            raise self._wrong("It does not say who it is.")
        who = Who(
            line(said.get("ProductName")),
            line(said.get("ServerName")),
            line(said.get("Version"), 40),
        )
        self._check_product(who)
        return who

    def places(self) -> list[Place] | None:
        self._exchange.require_token()
        try:
            said = self._exchange.get("/Library/VirtualFolders")
        except ServerError as error:
            if error.reason == "not_allowed":
                return None  # only administrators' tokens may
            raise
        return [
            Place(line(each.get("ItemId")), line(each.get("Name")), path, _sort(each))
            for each in objects(said)
            for path in _locations(each)
        ]

    def tell(self, updates: list[Update], _places: list[Place]) -> None:
        self._exchange.require_token()
        told = [{"Path": each.path, "UpdateType": each.change.capitalize()} for each in updates]
        self._exchange.call("POST", "/Library/Media/Updated", json={"Updates": told})

    def find(self, wanted: list[Wanted], _places: list[Place]) -> Found:
        self._exchange.require_token()
        known: dict[str, Known] = {}
        since = min(each.since for each in wanted) - _CLOCKS
        self._list(wanted, known, since)
        rest = [each for each in wanted if each.path not in known][:_MOST_SOUGHT]
        for each in rest:
            self._note([each], known, self._ask(**self._question(each.path), limit=50))
        return Found(known, known.keys() | {each.path for each in rest})

    def _question(self, path: str) -> dict[str, str]:
        """What finds a file, whatever else it finds: Jellyfin can only be asked for titles."""
        return {"searchTerm": words_of(path)}

    def _check_product(self, who: Who) -> None:
        if "jellyfin" not in who.product.casefold():
            raise self._wrong(f"It is {who.product or 'an Emby, or an old relative of it'}.")

    def _wrong(self, said: str) -> ServerError:
        kind = type(self).__name__
        return ServerError("wrong_kind", f"{self._exchange.server} is no {kind}. {said}")

    def _list(self, wanted: list[Wanted], known: dict[str, Known], since: datetime) -> None:
        """What the server has saved since: mostly all that is looked for, by one request."""
        for page in range(_MOST_PAGES):
            items = self._ask(
                minDateLastSaved=since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
                sortBy="DateCreated", sortOrder="Descending", startIndex=page * _PAGE, limit=_PAGE,
            )  # fmt: skip
            self._note(wanted, known, items)
            if len(items) < _PAGE or len(known) == len(wanted):
                return

    def _ask(self, **parameters: str | int) -> list[dict[str, Any]]:
        shared = {
            "recursive": "true", "mediaTypes": "Video", "fields": "Path,MediaSources",
            "enableImages": "false", "enableUserData": "false", "enableTotalRecordCount": "false",
        }  # fmt: skip
        said = self._exchange.get("/Items", {**shared, **parameters})
        if not isinstance(said, dict) or not isinstance(said.get("Items"), list):
            raise ServerError("broken_answer", f"{self._exchange.server} listed nothing readable.")
        return objects(said["Items"], _PAGE)

    def _note(
        self, wanted: list[Wanted], known: dict[str, Known], items: list[dict[str, Any]]
    ) -> None:
        """Versions of one film are one item, whose sources have the paths."""
        there: dict[str, Known] = {}
        for item in items:
            for each in (item, *objects(item.get("MediaSources"), 100)):
                path, size = path_of(each.get("Path")), size_of(each.get("Size"))
                key = mapping.plain(path)
                if path and (size is not None or key not in there):
                    there[key] = Known(size)
        for one in wanted:
            if (found := there.get(mapping.plain(one.path))) is not None:
                known[one.path] = found


class Emby(Jellyfin):
    """The same, but for the token's header, and that it can be asked for a path."""

    def _question(self, path: str) -> dict[str, str]:
        return {"Path": path}

    def _check_product(self, who: Who) -> None:
        if "jellyfin" in who.product.casefold():
            raise self._wrong(f"It is {who.product}.")


def _sort(folder: dict[str, Any]) -> str:
    return line(folder.get("CollectionType"), 20)


def _locations(folder: dict[str, Any]) -> list[str]:
    said = folder.get("Locations")
    return (
        [path for each in said[:1_000] if (path := path_of(each))] if isinstance(said, list) else []
    )
