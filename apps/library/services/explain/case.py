"""What is known of a path, from the disk and the catalogue, each asked once."""

import errno
import os
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from apps.disk.reader import Disk, Stat
from apps.disk.rules import Rules
from apps.disk.walk import Entry
from apps.library.models import File, Library
from apps.library.services.paths import shown
from apps.library.services.storage import rules_of


@dataclass(frozen=True, slots=True)
class Explanation:
    """An answer: ``code`` stays the same, ``sentence`` and ``advice`` are for people."""

    code: str
    sentence: str
    advice: str
    path: str
    library: Library | None = None
    file: File | None = None

    def as_json(self) -> dict[str, Any]:
        """Plain values; rows by their ids."""
        return {
            "path": self.path,
            "code": self.code,
            "sentence": self.sentence,
            "advice": self.advice,
            "library": self.library and self.library.pk,
            "file": self.file and self.file.pk,
            "video": self.file and self.file.video_id,
        }


class Case:
    """A path below a library's root."""

    def __init__(self, library: Library, below: bytes, *, disk: Disk) -> None:
        self.library, self.below, self.disk = library, below, disk
        self.folder, _, self.name = below.rpartition(b"/")
        self.location = self.at(below)

    def say(self, code: str, sentence: str, advice: str = "") -> Explanation:
        return Explanation(code, sentence, advice, shown(self.location), self.library, self.file)

    def at(self, below: bytes) -> bytes:
        """Where a path below the root is on this machine."""
        return os.path.join(self.library.root_bytes, below)

    @cached_property
    def file(self) -> File | None:
        """The row at the path."""
        files = File.objects.at(self.library, self.below).select_related("video")
        return files.defer("streams", "chapters", "facts").first()

    @cached_property
    def rules(self) -> Rules:
        return rules_of(self.library)

    @cached_property
    def folders(self) -> list[bytes]:
        """The folders on the way, the outermost first, as paths below the root."""
        parts = self.folder.split(b"/") if self.folder else []
        return [b"/".join(parts[: n + 1]) for n in range(len(parts))]

    @cached_property
    def _stats(self) -> list[Stat | int]:
        return self.disk.stats([self.at(path) for path in [*self.folders, self.below]])

    @property
    def on_the_way(self) -> list[tuple[bytes, Stat | int]]:
        """Each folder with what ``lstat`` says of it, or an errno."""
        return list(zip(self.folders, self._stats[:-1], strict=True))

    @property
    def seen(self) -> Stat | int:
        """What ``lstat`` says of the file, or an errno."""
        return self._stats[-1]

    @property
    def entry(self) -> Entry:
        """The file as a scan would see it. Only if it is there."""
        assert isinstance(self.seen, Stat)
        return Entry(self.name, *self.seen)


def is_gone(seen: Stat | int) -> bool:
    """Whether there is certainly nothing."""
    return seen in (errno.ENOENT, errno.ENOTDIR)
