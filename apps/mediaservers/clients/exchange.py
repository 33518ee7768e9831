"""One question to a media server and its answer, and all the ways in which that fails."""

import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from apps.core import outgoing, sealing
from apps.core.errors import MediaHubError
from apps.mediaservers.choices import ServerKind
from apps.mediaservers.clients.shapes import line
from apps.mediaservers.models import MediaServer

if TYPE_CHECKING:
    import httpx  # slow to load, and most programs ask nobody

_MOST_ANSWER_BYTES = 20_000_000
_TOKEN_SHAPE = re.compile(r"[!#-\[\]-~]{1,1000}")  # ASCII without blanks, quotes and backslashes

_REASONS: tuple[tuple[type[MediaHubError], str], ...] = (
    (outgoing.NameUnknown, "dns"),
    (outgoing.TlsFailed, "tls"),
    (outgoing.AddressRefused, "private"),
    (outgoing.TimedOut, "timeout"),
    (outgoing.TooLarge, "too_large"),
    (outgoing.Unreachable, "unreachable"),
    (outgoing.OutgoingError, "broken_answer"),
)


class ServerError(MediaHubError):
    """A media server could not be asked, or refused; ``reason`` says in one word why.

    One of dns, tls, unreachable, timeout, private; redirect; no_token, unauthorised (the token),
    not_allowed (its owner); not_found, wrong_kind; rate_limited, busy; too_large, broken_answer;
    refused.
    """

    code = "media_server_error"
    status = 502

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class Exchange:
    """An open line to one server. Not for several threads at once."""

    def __init__(self, server: MediaServer, *, timeout_s: float) -> None:
        self.server = server
        try:
            token = sealing.unseal(server.sealed_token)
        except sealing.Unsealable as error:
            raise ServerError("no_token", str(error)) from error
        self.has_token = bool(token)
        self._http = outgoing.open_client(
            allow_private=server.allow_private, timeout_s=timeout_s,
            headers={"Accept": "application/json"} | _headers(server.kind, token),
        )  # fmt: skip

    def close(self) -> None:
        self._http.close()

    def get(self, path: str, parameters: Mapping[str, str | int] | None = None) -> Any:
        """The JSON that is there. Raises ServerError."""
        body = self._ask("GET", path, params=dict(parameters or {}))
        try:
            return json.loads(body)
        except (ValueError, RecursionError) as error:
            raise ServerError(
                "wrong_kind", f"{self.server} did not answer as a {self._kind} does."
            ) from error

    def call(self, method: str, path: str, **content: Any) -> None:
        """Have something done; what is answered doesn't matter. Raises ServerError."""
        self._ask(method, path, **content)

    def require_token(self) -> None:
        """Raises ServerError."""
        if not self.has_token:
            raise ServerError("no_token", f"There is no token for {self.server}. Enter one.")

    @property
    def _kind(self) -> str:
        return str(ServerKind(self.server.kind).label)

    def _ask(self, method: str, path: str, **content: Any) -> bytes:
        import httpx

        try:
            address = self.server.url.rstrip("/") + path
            with self._http.stream(method, address, **content) as response:
                self._check(response)
                return outgoing.read_answer(response, most_bytes=_MOST_ANSWER_BYTES)
        except (httpx.InvalidURL, httpx.LocalProtocolError, UnicodeError) as error:
            raise ServerError("not_found", "The server's address can't be used.") from error
        except outgoing.OutgoingError as error:
            reason = next(word for kind, word in _REASONS if isinstance(error, kind))
            raise ServerError(reason, f"{self.server}: {error}") from error

    def _check(self, response: "httpx.Response") -> None:
        status = response.status_code
        if response.is_success:
            return
        if response.is_redirect:
            raise ServerError("redirect", f"{self.server} {_leads(response)}")
        told = _STATUSES.get(status)
        if told is None and status >= 500:
            told = ("busy", "{server} is in trouble (HTTP status {status}).")
        reason, text = told or ("refused", "{server} refused it (HTTP status {status}).")
        raise ServerError(reason, text.format(server=self.server, status=status, kind=self._kind))


_STATUSES = {
    401: ("unauthorised", "{server} does not know the token. Enter it again."),
    403: ("not_allowed", "{server} does not let the token's owner do this."),
    404: ("not_found", "{server} does not know what a {kind} knows (HTTP status 404)."),
    405: ("not_found", "{server} does not know what a {kind} knows (HTTP status 405)."),
    410: ("not_found", "{server} does not know what a {kind} knows (HTTP status 410)."),
    429: ("rate_limited", "{server} is asked more often than it allows."),
}


def is_token(text: str) -> bool:
    """Whether it can be sent at all."""
    return bool(_TOKEN_SHAPE.fullmatch(text))


def _headers(kind: str, token: str) -> dict[str, str]:
    if kind == ServerKind.PLEX:
        own = {"X-Plex-Product": "MediaHub", "X-Plex-Client-Identifier": "mediahub"}
        return own | ({"X-Plex-Token": token} if token else {})
    if not token:
        return {}
    if kind == ServerKind.EMBY:
        return {"X-Emby-Token": token}
    # not X-Emby-Token, which Jellyfin has stopped to take
    return {"Authorization": f'MediaBrowser Token="{token}"'}


def _leads(response: "httpx.Response") -> str:
    """Where a server sends those who ask it: mostly its address is another, or lacks a path."""
    location = line(response.extensions.get("location"), 300)
    try:
        parts = urlsplit(location)
        where = f"{parts.scheme}://{parts.netloc}{parts.path}" if parts.netloc else parts.path
    except ValueError:
        where = ""
    return f"sends us on to {where or 'another address'}. Give the address that it leads to."
