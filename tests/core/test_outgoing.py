"""What other servers, names and addresses may do to us: nothing."""

import gzip
import ipaddress
import socket
import ssl
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from apps.core.outgoing import (
    AddressRefused,
    NameUnknown,
    Refused,
    TimedOut,
    TlsFailed,
    TooLarge,
    Unreachable,
    WrongType,
    connecting,
    fetch,
    open_client,
    read_answer,
)
from apps.core.outgoing.connecting import may_reach

Serve = Callable[[socket.socket, bytes], None]


@contextmanager
def serving(serve: Serve, secure: ssl.SSLContext | None = None) -> Iterator[str]:
    """A server that says whatever it wants, one connection after the other."""
    stop = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0.02)

        def run() -> None:
            while not stop.is_set():
                try:
                    wire, _ = listening.accept()
                except TimeoutError:
                    continue
                with wire:
                    wire.settimeout(2)
                    try:
                        if secure:
                            with secure.wrap_socket(wire, server_side=True) as safe:
                                serve(safe, safe.recv(65_536))
                        else:
                            serve(wire, wire.recv(65_536))
                    except OSError:
                        continue

        thread = threading.Thread(target=run)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            stop.set()
            thread.join()


def answering(
    body: bytes = b"hello", *, status: str = "200 OK", length: int | None = None, **headers: str
) -> Serve:
    said = {"content-length": str(len(body) if length is None else length), **headers}
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in said.items()]
    head = "\r\n".join([f"HTTP/1.1 {status}", "connection: close", *lines])
    return lambda wire, _: wire.sendall(head.encode() + b"\r\n\r\n" + body)


def certificate(path: Path) -> Path:
    """Of ``localhost``, made by itself, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path


def get(url: str, **values: Any) -> bytes:
    return fetch(url, **{"most_bytes": 1_000, "allow_private": True, **values}).content


class TestAddresses:
    @pytest.mark.parametrize(
        "address",
        [
            "127.0.0.1", "127.9.9.9", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254",
            "100.64.0.1", "0.0.0.0", "0.1.2.3", "192.0.2.1", "198.18.0.1", "224.0.0.1",
            "240.0.0.1", "255.255.255.255", "::", "::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1",
            "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b:1::1", "2002:7f00:1::", "2001:0:1::1",
            "fe80::1", "fe80::1%2", "fc00::1", "fd12::1", "fec0::1", "ff02::1", "2001:db8::1",
        ],
    )  # fmt: skip
    def test_what_is_not_public_is_refused(self, address: str) -> None:
        assert not may_reach(ipaddress.ip_address(address), allow_private=False)

    @pytest.mark.parametrize(
        "address", ["8.8.8.8", "1.1.1.1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]
    )
    def test_what_is_public_is_reached(self, address: str) -> None:
        assert may_reach(ipaddress.ip_address(address), allow_private=False)

    def test_private_ones_are_reached_if_that_is_wanted_but_never_many_at_once(self) -> None:
        for address in ("127.0.0.1", "192.168.1.1", "::1", "fd12::1"):
            assert may_reach(ipaddress.ip_address(address), allow_private=True)
        for address in ("224.0.0.1", "ff02::1", "0.0.0.0", "::"):
            assert not may_reach(ipaddress.ip_address(address), allow_private=True)

    @pytest.mark.parametrize(
        "host", ["127.0.0.1", "localhost", "127.1", "2130706433", "0x7f000001", "[::1]",
                 "[::ffff:127.0.0.1]"],
    )  # fmt: skip
    def test_no_writing_of_this_machine_gets_through(self, host: str) -> None:
        with pytest.raises(AddressRefused):
            fetch(f"http://{host}:9/", most_bytes=10)

    @pytest.mark.parametrize(
        "url",
        ["file:///etc/passwd", "ftp://example.com/", "gopher://x/", "//x", "x", "", "http://",
         "http:///x", "http://[1/", "data:text/plain,x"],
    )  # fmt: skip
    def test_other_addresses_are_none(self, url: str) -> None:
        with pytest.raises(AddressRefused):
            fetch(url, most_bytes=10)

    def test_a_name_that_leads_elsewhere_at_the_second_look_gains_nothing(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The name is looked up once, and the connection goes to what was looked at."""
        looked_up: list[str] = []
        connected: list[Any] = []

        def getaddrinfo(host: str, port: int, *_: Any, **__: Any) -> list[Any]:
            looked_up.append(host)
            address = "93.184.216.34" if len(looked_up) == 1 else "127.0.0.1"
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

        def create_connection(place: Any, *_: Any, **__: Any) -> socket.socket:
            connected.append(place)
            raise ConnectionRefusedError

        monkeypatch.setattr(connecting.socket, "getaddrinfo", getaddrinfo)
        monkeypatch.setattr(socket, "create_connection", create_connection)

        with pytest.raises(Unreachable):
            fetch("http://rebinding.example/", most_bytes=10)
        with pytest.raises(AddressRefused):
            fetch("http://rebinding.example/", most_bytes=10)

        assert looked_up == ["rebinding.example"] * 2
        assert connected == [("93.184.216.34", 80)]

    def test_of_several_addresses_only_the_public_are_tried(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        connected: list[Any] = []

        def getaddrinfo(_host: str, port: int, *_: Any, **__: Any) -> list[Any]:
            kinds = ("10.0.0.1", "93.184.216.34", "93.184.216.35")
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port)) for each in kinds]

        def create_connection(place: Any, *_: Any, **__: Any) -> socket.socket:
            connected.append(place[0])
            raise TimeoutError

        monkeypatch.setattr(connecting.socket, "getaddrinfo", getaddrinfo)
        monkeypatch.setattr(socket, "create_connection", create_connection)

        with pytest.raises(TimedOut):
            fetch("http://several.example/", most_bytes=10)
        assert connected == ["93.184.216.34", "93.184.216.35"]

    def test_names_that_are_none(self) -> None:
        for host in ("no-such-name.invalid", "a" * 70 + ".example"):
            with pytest.raises(NameUnknown):
                fetch(f"http://{host}/", most_bytes=10)

    def test_a_name_server_that_never_answers(self, monkeypatch: pytest.MonkeyPatch) -> None:
        forever = threading.Event()
        monkeypatch.setattr(
            connecting.socket, "getaddrinfo", lambda *_, **__: forever.wait(5) and []
        )

        with pytest.raises(TimedOut):
            fetch("http://slow.example/", most_bytes=10, timeout_s=0.1)
        forever.set()

    def test_no_proxy_of_the_environment_is_asked(self, monkeypatch: pytest.MonkeyPatch) -> None:
        with serving(answering(b"proxied")) as proxy:
            monkeypatch.setenv("HTTP_PROXY", proxy)
            monkeypatch.setenv("ALL_PROXY", proxy)
            with pytest.raises(NameUnknown):
                get("http://no-such-name.invalid/")


class TestRedirects:
    def test_some_are_followed(self) -> None:
        def serve(wire: socket.socket, asked: bytes) -> None:
            if asked.startswith(b"GET /a "):
                return answering(b"", status="302 Found", location="/b")(wire, asked)
            return answering(b"there", content_type="text/plain; charset=utf-8")(wire, asked)

        with serving(serve) as url:
            found = fetch(f"{url}/a", most_bytes=100, allow_private=True)

        assert (found.url, found.type, found.content) == (f"{url}/b", "text/plain", b"there")

    def test_none_without_end(self) -> None:
        seen: list[bytes] = []

        def serve(wire: socket.socket, asked: bytes) -> None:
            seen.append(asked)
            answering(b"", status="301 Moved", location="/again")(wire, asked)

        with serving(serve) as url, pytest.raises(Unreachable):
            get(url)
        assert len(seen) == 6

    @pytest.mark.parametrize(
        "location", ["file:///etc/passwd", "http://0.0.0.0:1/", "http://[::", "ftp://127.0.0.1/"]
    )
    def test_each_is_looked_at(self, location: str) -> None:
        serve = answering(b"", status="307 Moved", location=location)

        with serving(serve) as url, pytest.raises(AddressRefused):
            get(url)

    def test_none_leads_from_outside_to_the_inside(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """The first server is let pass as if it were a public one, the second is not."""
        inside: list[bytes] = []

        def secret(wire: socket.socket, asked: bytes) -> None:
            inside.append(asked)
            answering(b"secret")(wire, asked)

        with serving(secret) as private:
            outside = answering(b"", status="302 Found", location=private.replace("0.0.1", "0.0.2"))
            with serving(outside) as public:
                real = may_reach
                monkeypatch.setattr(
                    connecting,
                    "may_reach",
                    lambda one, **kw: str(one) == "127.0.0.1" or real(one, **kw),
                )
                with pytest.raises(AddressRefused):
                    fetch(public, most_bytes=100)
        assert not inside


class TestAnswers:
    def test_what_was_asked_for(self) -> None:
        with serving(answering(b"x" * 1_000, content_type="image/png")) as url:
            assert get(url, types={"image/"}) == b"x" * 1_000

    @pytest.mark.parametrize("kind", ["text/html", "", "image", "imagery/png"])
    def test_of_another_type(self, kind: str) -> None:
        with serving(answering(content_type=kind)) as url, pytest.raises(WrongType):
            get(url, types={"image/", "application/json"})

    def test_packed(self) -> None:
        packed = gzip.compress(b"x" * 900)
        with serving(answering(packed, content_encoding="gzip")) as url:
            assert get(url) == b"x" * 900

    @pytest.mark.parametrize(
        ("serve", "error"),
        [
            (answering(b"x" * 1_001), TooLarge),
            (answering(b"", length=10**12), TooLarge),
            (answering(b"x" * 10, length=100), Unreachable),
            (answering(gzip.compress(b"\0" * 50_000_000), content_encoding="gzip"), TooLarge),
            (answering(zlib.compress(b"\0" * 1_001), content_encoding="deflate"), TooLarge),
            (answering(gzip.compress(b"x" * 99)[:-9], content_encoding="gzip"), Unreachable),
            (answering(b"no gzip", content_encoding="gzip"), Unreachable),
            (answering(b"x", content_encoding="br"), WrongType),
            (answering(b"x", content_encoding="gzip, gzip"), WrongType),
            (answering(b"x", status="500 Oh"), Refused),
            (lambda wire, _: wire.sendall(b"SSH-2.0-server\r\n"), Unreachable),
            (lambda wire, _: wire.sendall(b"HTTP/1.1 200 OK\r\na: " + b"x" * 300_000), Unreachable),
            (lambda _wire, _asked: None, Unreachable),
        ],
        ids=[
            "larger",
            "says it is larger",
            "shorter",
            "bomb",
            "bomb of the other kind",
            "packed and cut",
            "not packed",
            "packed unasked",
            "packed twice",
            "an error",
            "no http",
            "endless headers",
            "nothing",
        ],
    )
    def test_that_cannot_be_used(self, serve: Serve, error: type[Exception]) -> None:
        with serving(serve) as url, pytest.raises(error):
            get(url, timeout_s=5)

    def test_without_end(self) -> None:
        def serve(wire: socket.socket, _: bytes) -> None:
            wire.sendall(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
            while True:
                wire.sendall(b"10\r\n0123456789abcdef\r\n")

        with serving(serve) as url, pytest.raises(TooLarge):
            get(url)

    @pytest.mark.parametrize("begins", [b"HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\n", b""])
    def test_that_drips(self, begins: bytes) -> None:
        """No single wait is long, but the whole is."""

        def serve(wire: socket.socket, _: bytes) -> None:
            wire.sendall(begins or b"HTTP/1.1 200 OK\r\nx: ")
            for _ in range(100):
                wire.sendall(b"x")
                time.sleep(0.02)

        with serving(serve) as url:
            started = time.monotonic()
            with pytest.raises(TimedOut):
                get(url, timeout_s=0.2)
            assert time.monotonic() - started < 1

    def test_of_a_server_that_takes_nothing(self) -> None:
        refused = threading.Event()

        with serving(lambda _wire, _: refused.wait(2) and None) as url:
            with (
                open_client(allow_private=True, timeout_s=0.2) as client,
                pytest.raises(TimedOut),
            ):
                client.post(url, content=b"x" * 20_000_000)
            refused.set()

    def test_of_a_server_that_speaks_no_tls(self) -> None:
        with serving(answering()) as url, pytest.raises(TlsFailed):
            get(url.replace("http:", "https:"))

    def test_of_a_server_that_shows_who_it_is(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A certificate counts for the names in it, and only if its maker is trusted."""
        secure = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        secure.load_cert_chain(certificate(tmp_path / "made.pem"))

        def serve(wire: socket.socket, asked: bytes) -> None:
            answering(b"in confidence" if asked else b"")(wire, asked)

        with serving(serve, secure) as url:
            there = url.replace("http://127.0.0.1", "https://localhost")
            with pytest.raises(TlsFailed):
                get(there)
            monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "made.pem"))
            assert get(there) == b"in confidence"
            with pytest.raises(TlsFailed):
                get(there.replace("localhost", "127.0.0.1"))


def test_a_client_follows_nothing_and_keeps_its_connection() -> None:
    def serve(wire: socket.socket, _: bytes) -> None:
        for _ in range(2):
            wire.sendall(b"HTTP/1.1 302 Found\r\nlocation: /x\r\ncontent-length: 2\r\n\r\nhi")
            wire.recv(65_536)

    with serving(serve) as url, open_client(allow_private=True, headers={"A": "b"}) as client:
        ports = []
        for _ in range(2):
            with client.stream("GET", url) as response:
                assert response.status_code == 302
                ports.append(response.extensions["network_stream"].get_extra_info("client_addr"))
                assert read_answer(response, most_bytes=10) == b"hi"
    assert ports[0] == ports[1]
