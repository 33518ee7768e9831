"""Fixtures of the tests of media servers."""

from collections.abc import Iterator

import pytest

from apps.core.sealing import seal
from apps.mediaservers.choices import ServerKind
from apps.mediaservers.models import MediaServer
from tests.mediaservers.factories import make_server
from tests.mediaservers.standin import TOKEN, StandIn, serve


@pytest.fixture
def jellyfin() -> Iterator[StandIn]:
    with serve(ServerKind.JELLYFIN) as running:
        yield running


@pytest.fixture
def emby() -> Iterator[StandIn]:
    with serve(ServerKind.EMBY, version="4.9.1.2") as running:
        yield running


@pytest.fixture
def plex() -> Iterator[StandIn]:
    with serve(ServerKind.PLEX, version="1.43.0") as running:
        yield running


def server_of(standin: StandIn, **values: object) -> MediaServer:
    """A row that stands for a stand-in; films are at /media/films there."""
    values = {
        "kind": standin.kind, "url": standin.url, "sealed_token": seal(TOKEN),
        "path_map": [{"here": "/srv/films", "there": "/media/films"}], **values,
    }  # fmt: skip
    return make_server(str(values.pop("name", standin.kind.label)), **values)
