"""The storage that writes whole files or none."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.files.base import ContentFile, File

from apps.artifacts.storage import AtomicStorage


class TestStorage:
    def test_keeps_the_old_file_if_the_new_is_cut_short(self, tmp_path: Path) -> None:
        class Cut(File):
            def chunks(self, chunk_size: int | None = None) -> Iterator[bytes]:
                yield b"half"
                raise KeyboardInterrupt

        storage = AtomicStorage(location=tmp_path)
        storage.save("a/b.webp", ContentFile(b"whole"))

        with pytest.raises(KeyboardInterrupt):
            storage.save("a/b.webp", Cut(None))

        assert [path.name for path in (tmp_path / "a").iterdir()] == ["b.webp"]
        assert (tmp_path / "a" / "b.webp").read_bytes() == b"whole"

    def test_says_what_kept_it_from_writing(self, tmp_path: Path) -> None:
        storage = AtomicStorage(location=tmp_path)

        with pytest.raises(OSError, match="File name too long"):
            storage.save("x" * 250, ContentFile(b"whole"))
