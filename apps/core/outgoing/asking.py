"""Clients whose connections are looked at, and files from anywhere."""

import time
import zlib
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

import httpcore
import httpx

from apps.core.outgoing.connecting import CheckedBackend, Clock
from apps.core.outgoing.errors import (
    AddressRefused,
    OutgoingError,
    Refused,
    TimedOut,
    TooLarge,
    Unreachable,
    WrongType,
)

_MOST_REDIRECTS = 5
_REDIRECTS = {301, 302, 303, 307, 308}
_LOCATION = "location"  # among an answer's extensions
_HEADERS = {"User-Agent": "MediaHub", "Accept-Encoding": "gzip"}


@dataclass(frozen=True, slots=True)
class Fetched:
    """What was fetched: ``url`` is where it was at last, ``type`` as it is said to be."""

    url: str
    type: str
    content: bytes


def open_client(
    *,
    allow_private: bool = False,
    timeout_s: float = 30.0,
    headers: Mapping[str, str] | None = None,
) -> httpx.Client:
    """A client for servers outside; ``timeout_s`` is for a whole answer, the last byte included.

    It follows no redirects, knows no proxies, and verifies certificates. What goes wrong is an
    OutgoingError. Answers are to be read by ``read_answer``, for only that counts their bytes.
    """
    return httpx.Client(
        transport=_Transport(allow_private=allow_private, timeout_s=timeout_s),
        headers={**_HEADERS, **(headers or {})},
        timeout=timeout_s,
        follow_redirects=False,
        trust_env=False,
    )


def fetch(
    url: str,
    *,
    most_bytes: int,
    types: Collection[str] | None = None,
    allow_private: bool = False,
    timeout_s: float = 30.0,
) -> Fetched:
    """A file of http or https, of one of ``types`` (``image/`` stands for all images).

    A few redirects are followed, all within ``timeout_s``; ``allow_private`` ends where they lead
    to another host. Raises OutgoingError.
    """
    ends_at = time.monotonic() + timeout_s
    for _ in range(_MOST_REDIRECTS + 1):
        _check_address(url)
        with (
            open_client(allow_private=allow_private, timeout_s=timeout_s) as client,
            client.stream("GET", url, extensions={"ends_at": ends_at}) as response,
        ):
            location = response.extensions[_LOCATION]
            if response.status_code in _REDIRECTS and location:
                before, url = url, _next(url, location)
                allow_private = allow_private and _host(before) == _host(url)
                continue
            return _taken(url, response, most_bytes, types)
    raise Unreachable("The address leads from one place to the next without end.")


def read_answer(response: httpx.Response, *, most_bytes: int) -> bytes:
    """The whole body of an answer that is being streamed, unpacked.

    Raises TooLarge as soon as it is, packed or unpacked; Unreachable if it breaks off.
    """
    length = response.headers.get("content-length", "")
    if length.isdecimal() and int(length) > most_bytes:
        raise _too_large(most_bytes)
    packing = response.headers.get("content-encoding", "").strip().lower()
    if packing in {"", "identity"}:
        return _joined(response.iter_raw(), most_bytes)
    if packing not in {"gzip", "x-gzip", "deflate"}:
        raise WrongType("The answer is packed in a way that was not asked for.")
    return _unpacked(response.iter_raw(), most_bytes)


def _joined(chunks: Iterator[bytes], most_bytes: int) -> bytes:
    content = bytearray()
    for chunk in chunks:
        content += chunk
        if len(content) > most_bytes:
            raise _too_large(most_bytes)
    return bytes(content)


def _unpacked(chunks: Iterator[bytes], most_bytes: int) -> bytes:
    content, unpacking, seen = bytearray(), zlib.decompressobj(zlib.MAX_WBITS | 32), 0
    try:
        for chunk in chunks:
            seen += len(chunk)
            content += unpacking.decompress(chunk, most_bytes + 1 - len(content))
            if len(content) > most_bytes or seen > most_bytes:
                raise _too_large(most_bytes)
    except zlib.error as error:
        raise Unreachable("The answer is damaged.") from error
    if not unpacking.eof:
        raise Unreachable("The answer broke off.")
    return bytes(content)


def _too_large(most_bytes: int) -> TooLarge:
    return TooLarge(f"The answer is larger than {most_bytes // 1_000} kB, which is refused.")


def _taken(
    url: str, response: httpx.Response, most_bytes: int, types: Collection[str] | None
) -> Fetched:
    if not response.is_success:
        raise Refused(
            f"The server answered with HTTP status {response.status_code}.", response.status_code
        )
    kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if types is not None and not any(
        kind == t or (t[-1:] == "/" and kind.startswith(t)) for t in types
    ):
        raise WrongType(f"The answer is {kind[:60] or 'of no type'}, not what was expected.")
    return Fetched(url, kind, read_answer(response, most_bytes=most_bytes))


def _check_address(url: str) -> None:
    try:
        urlsplit(url)
        parts = httpx.URL(url)
    except (httpx.InvalidURL, ValueError) as error:
        raise AddressRefused("This is no address of a file in the web.") from error
    if parts.scheme not in {"http", "https"} or not parts.host:
        raise AddressRefused("Only addresses of http and https are fetched.")


def _host(url: str) -> str | None:
    return urlsplit(url).hostname


def _next(url: str, location: str) -> str:
    try:
        target = urljoin(url, location)
        urlsplit(target)
    except ValueError as error:
        raise AddressRefused("The address leads on to something that is no address.") from error
    return target


class _Transport(httpx.BaseTransport):
    """httpcore's pool over connections that are looked at."""

    def __init__(self, *, allow_private: bool, timeout_s: float) -> None:
        self._clock, self._timeout_s = Clock(), timeout_s
        self._pool = httpcore.ConnectionPool(
            ssl_context=httpx.create_ssl_context(),
            max_connections=8,
            max_keepalive_connections=2,
            keepalive_expiry=15.0,
            network_backend=CheckedBackend(self._clock, allow_private=allow_private),
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Raises OutgoingError."""
        given = request.extensions.get("ends_at")
        self._clock.ends_at = time.monotonic() + self._timeout_s if given is None else given
        url = request.url
        asked = httpcore.Request(
            method=request.method,
            url=httpcore.URL(
                scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
            ),
            headers=request.headers.raw,
            content=request.stream,
            extensions=request.extensions,
        )
        with _told():
            answer = self._pool.handle_request(asked)
        headers = httpx.Headers(answer.headers)
        # httpx reads it even if it shall not follow it, and fails where it can't
        location = headers.pop("location", "")
        return httpx.Response(
            answer.status,
            headers=headers,
            stream=_Body(answer),
            extensions={**answer.extensions, _LOCATION: location},
        )

    def close(self) -> None:
        self._pool.close()


class _Body(httpx.SyncByteStream):
    def __init__(self, answer: httpcore.Response) -> None:
        self._answer = answer

    def __iter__(self) -> Iterator[bytes]:
        with _told():
            yield from self._answer.iter_stream()

    def close(self) -> None:
        self._answer.close()


@contextmanager
def _told() -> Iterator[None]:
    """The library's errors as ours."""
    try:
        yield
    except OutgoingError:
        raise
    except httpcore.TimeoutException as error:
        raise TimedOut("The server did not answer in time.") from error
    except httpcore.UnsupportedProtocol as error:
        raise AddressRefused("Only addresses of http and https are asked.") from error
    except (httpcore.NetworkError, httpcore.ProtocolError) as error:
        raise Unreachable(
            f"The connection broke off: {str(error)[:200] or 'no reason'}."
        ) from error
