"""The names of files that come beside a source."""

import os

import pytest

from apps.markers.services.sources import named_beside, unfinished
from tests.factories import make_file

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("name", "beside"),
    [
        (b"film.mp4", b"film (part 1).mp4"),
        (b"-i.tar.mkv", b"-i.tar (part 1).mkv"),
        (b"\xff.mp4", b"\xff (part 1).mp4"),
        (b"a" * 251 + b".mp4", b"a" * 242 + b" (part 1).mp4"),
        ("ü".encode() * 125 + b"x.mp4", "ü".encode() * 121 + b" (part 1).mp4"),
        (("x" + "ü" * 125).encode() + b".mp4", ("x" + "ü" * 120).encode() + b" (part 1).mp4"),
    ],
)
def test_names_fit(name: bytes, beside: bytes) -> None:
    file = make_file(b"folder/" + name)

    target = named_beside(file, " (part 1)")

    assert os.path.basename(target) == beside
    assert len(os.path.basename(unfinished(target))) < 64
