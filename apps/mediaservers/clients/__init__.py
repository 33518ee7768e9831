"""What is asked of media servers, each by the protocol of its kind."""

from types import TracebackType
from typing import Protocol, Self

from apps.mediaservers.choices import ServerKind
from apps.mediaservers.clients.exchange import Exchange, ServerError
from apps.mediaservers.clients.jellyfin import Emby, Jellyfin
from apps.mediaservers.clients.plex import Plex
from apps.mediaservers.clients.shapes import Found, Known, Place, Update, Wanted, Who
from apps.mediaservers.models import MediaServer

__all__ = ["Client", "Found", "Known", "Place", "ServerError", "Update", "Wanted", "Who", "connect"]


class Client(Protocol):
    """An open line to one server. Everything that is asked of it raises ServerError."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...  # fmt: skip

    def who(self) -> Who:
        """What it says of itself to everybody."""

    def places(self) -> list[Place] | None:
        """The folders that it shows; nothing, if the token's owner may not know them."""

    def tell(self, updates: list[Update], places: list[Place], /) -> None:
        """That files have changed. An answer without an error is no proof that any was taken in."""

    def find(self, wanted: list[Wanted], places: list[Place], /) -> Found:
        """Which of the files it has."""


_KINDS: dict[str, type[Client]] = {
    ServerKind.JELLYFIN: Jellyfin,
    ServerKind.EMBY: Emby,
    ServerKind.PLEX: Plex,
}


def connect(server: MediaServer, *, timeout_s: float = 30.0) -> Client:
    """A line to a server, to be closed by whoever opened it (``with``); nothing is asked yet.

    ``timeout_s`` is for each whole answer. Raises ServerError if its token can't be read.
    """
    client: Client = _KINDS[server.kind](Exchange(server, timeout_s=timeout_s))  # type: ignore[call-arg]
    return client
