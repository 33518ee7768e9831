"""Storing artifacts so that a name never stands for half a file."""

import os
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

from django.core.files.base import File
from django.core.files.storage import FileSystemStorage

DRAFT = ".part"  # how a file's name ends while it is being written


class AtomicStorage(FileSystemStorage):
    """The data folder, written by temporary file, fsync and rename; equal names are replaced.

    Artifacts' names hold what they were made from, so that replacing one changes nothing.
    """

    def get_available_name(self, name: str, max_length: int | None = None) -> str:  # noqa: ARG002
        return name

    def _save(self, name: str, content: File) -> str:
        final = self.path(name)
        Path(final).parent.mkdir(parents=True, exist_ok=True)
        draft = f"{final}.{uuid4().hex}{DRAFT}"
        try:
            with open(draft, "wb") as file:
                file.writelines(content.chunks())
                file.flush()
                os.fsync(file.fileno())
            os.replace(draft, final)
        except BaseException:
            with suppress(OSError):  # it may not have come to be
                os.unlink(draft)
            raise
        return name
