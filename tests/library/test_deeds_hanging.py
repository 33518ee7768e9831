"""A share that hangs: who asks of it gets an answer, and nobody else is held up."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from apps.library.models import Library
from apps.library.services.explain import explain, patient_disk
from apps.library.services.library_checks import LibraryRefused, check_library
from tests.factories import make_library
from tests.rigs.mounts import Share, need_fuse, own_mounts

pytestmark = pytest.mark.django_db
SILENCE_S = 0.5


@pytest.fixture
def share(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Share]:
    """Mounted at ``tmp_path / "root"``, with a film."""
    need_fuse()
    monkeypatch.setattr("apps.library.services.explain._PATIENCE_S", SILENCE_S)
    monkeypatch.setattr("apps.library.services.library_checks._PATIENCE_S", SILENCE_S)
    monkeypatch.setattr("apps.library.services.library_checks._OTHERS_PATIENCE_S", SILENCE_S)
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "a.mp4").write_bytes(b"film")
    with own_mounts() as mounts:
        yield mounts.share(tmp_path / "source", tmp_path / "root")


@pytest.mark.parametrize("mode", ["hang", "stuck"])
def test_nobody_waits_for_it_long(share: Share, tmp_path: Path, mode: str) -> None:
    library = make_library(name="Share", root=str(tmp_path / "root"))
    (tmp_path / "other").mkdir()
    share.fail(mode)
    began = time.monotonic()

    with patient_disk() as disk:
        answer = explain(library.root_bytes + b"/a.mp4", disk=disk)
    check_library(Library(root=str(tmp_path / "other")))
    with pytest.raises(LibraryRefused, match="overlaps with the library Share"):
        check_library(Library(root=str(tmp_path)))
    Library.objects.all().delete()
    with pytest.raises(LibraryRefused, match="does not answer"):
        check_library(Library(root=str(tmp_path / "root")))

    assert answer.code == "silent"
    assert time.monotonic() - began < 20
    share.heal()
    check_library(Library(root=str(tmp_path / "root")))
