"""Connections to addresses that were looked at, each within the time that its request has."""

import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Iterable
from typing import Any

import httpcore

from apps.core.outgoing.errors import AddressRefused, NameUnknown, TimedOut, TlsFailed, Unreachable

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_MOST_ADDRESSES = 4  # tried one after the other
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_TUNNELS = (ipaddress.ip_network("2002::/16"), ipaddress.ip_network("2001::/32"))


class Clock(threading.local):
    """When the request that this thread makes must have its whole answer."""

    ends_at = float("inf")

    def left(self, timeout: float | None = None) -> float:
        """Seconds, at most ``timeout``. Raises TimedOut if there are none."""
        left = self.ends_at - time.monotonic()
        if left <= 0:
            raise TimedOut("The server did not answer in time.")
        return left if timeout is None else min(left, timeout)


class CheckedBackend(httpcore.NetworkBackend):
    """Resolves names itself and connects to what it found fit; other doors stay shut."""

    def __init__(self, clock: Clock, *, allow_private: bool) -> None:
        self._clock, self._allow_private = clock, allow_private

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        """Raises NameUnknown, AddressRefused, TimedOut, Unreachable."""
        found = resolve(host, port, within_s=self._clock.left(timeout))
        fit = [one for one in found if may_reach(one, allow_private=self._allow_private)]
        if not fit:
            raise AddressRefused(
                f"{host} leads to this machine or a private network ({found[0]}), which is refused."
            )
        for address in fit[:_MOST_ADDRESSES]:
            try:
                made = httpcore.SyncBackend().connect_tcp(
                    str(address), port, self._clock.left(timeout), local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failed = error
            else:
                return _Stream(made, self._clock, host)
        if isinstance(failed, httpcore.ConnectTimeout):
            raise TimedOut(f"{host} did not answer in time.") from failed
        raise Unreachable(f"{host} can't be reached: {failed}.") from failed


class _Stream(httpcore.NetworkStream):
    """A connection all of whose waits end when its request's time is over."""

    def __init__(self, inner: httpcore.NetworkStream, clock: Clock, host: str) -> None:
        self._inner, self._clock, self._host = inner, clock, host

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, self._clock.left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        # not by the inner one: it waits as long again for every byte that goes
        wire: socket.socket = self._inner.get_extra_info("socket")
        rest = memoryview(buffer)
        try:
            while rest:
                wire.settimeout(self._clock.left(timeout))
                rest = rest[wire.send(rest) :]
        except TimeoutError as error:
            raise httpcore.WriteTimeout(str(error)) from error
        except OSError as error:
            raise httpcore.WriteError(str(error)) from error

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        """Raises TlsFailed."""
        try:
            inner = self._inner.start_tls(ssl_context, server_hostname, self._clock.left(timeout))
        except httpcore.ConnectError as error:
            raise TlsFailed(f"{self._host} could not be trusted: {error}") from error
        return _Stream(inner, self._clock, self._host)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


def resolve(host: str, port: int, *, within_s: float) -> list[Address]:
    """The addresses of a name, the system's first choice first. Raises NameUnknown, TimedOut."""
    found: list[Address] = []
    failed: list[BaseException] = []

    def ask() -> None:
        try:
            for *_, place in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
                address = ipaddress.ip_address(place[0])
                if address not in found:
                    found.append(address)
        except (OSError, ValueError) as error:  # a name that is no name, too
            failed.append(error)

    # the system's call knows no time limit
    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(within_s)
    if asking.is_alive():
        raise TimedOut(f"Where {host} is was not answered in time.")
    if failed or not found:
        raise NameUnknown(f"No server is known by the name {host}.")
    return found


def may_reach(address: Address, *, allow_private: bool) -> bool:
    """Whether connections to an address are made. Nobody is let reach many at once, or none."""
    address = _inner_address(address)
    if address.is_multicast or address.is_unspecified:
        return False
    if allow_private:
        return True
    if isinstance(address, ipaddress.IPv6Address) and (
        address.is_site_local or any(address in tunnel for tunnel in _TUNNELS)
    ):
        return False
    return address.is_global and not address.is_reserved and not address.is_link_local


def _inner_address(address: Address) -> Address:
    """The address of version 4 that one of version 6 stands for, if it does."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address
