"""Which folders a walk should have come to, but didn't."""

import time
from datetime import timedelta

import pytest

from apps.library.models import Folder, Library
from apps.library.services.scan.scope import Scope
from tests.factories import NOON, make_file, make_folder, make_library

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("warm")]
SINCE = NOON + timedelta(days=1)


@pytest.fixture
def library() -> Library:
    library = make_library()
    for path in (b"x.mp4", b"a/x.mp4", b"a/b/x.mp4", b"a!/x.mp4", b"ab/x.mp4", b"\xff/x.mp4"):
        make_file(path, library=library)
    make_file(b"gone/x.mp4", library=library, missing_since=NOON)
    make_folder(library, b"empty")
    make_file(b"a/seen/x.mp4", library=library)
    Folder.objects.filter(path=b"a/seen").update(seen_at=SINCE)
    make_file(b"a/x.mp4", library=make_library())
    return library


def unseen(library: Library, scope: Scope, *unknown: bytes) -> list[bytes]:
    ids = scope.unseen_folders(library, unknown, since=SINCE)
    return sorted(bytes(folder.path) for folder in Folder.objects.filter(pk__in=ids))


def test_have_files_that_were_there(library: Library) -> None:
    whole = Scope(deep=(b"",))

    assert unseen(library, whole) == [b"", b"a", b"a!", b"a/b", b"ab", b"\xff"]


def test_lie_in_the_scope(library: Library) -> None:
    assert unseen(library, Scope(deep=(b"a",))) == [b"a", b"a/b"]
    assert unseen(library, Scope(deep=(b"a/b",), gone=(b"\xff", b"a!"))) == [b"a!", b"a/b", b"\xff"]
    assert unseen(library, Scope(flat=(b"a",))) == []


def test_do_not_lie_below_what_could_not_be_read(library: Library) -> None:
    whole = Scope(deep=(b"",))

    assert unseen(library, whole, b"a", b"nowhere") == [b"", b"a!", b"ab", b"\xff"]
    assert unseen(library, whole, b"") == []


def test_many_that_could_not_be_read_cost_little(library: Library) -> None:
    unknown = [b"dir/%d" % number for number in range(20_000)]
    began = time.monotonic()

    assert len(unseen(library, Scope(deep=(b"",)), *unknown)) == 6
    assert time.monotonic() - began < 5
