"""Recognising a file that scans know already, under another path, by its content."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from apps.library.models import File, Library
from apps.library.services.scan.roots import RootOffline, check_root, is_gone


@dataclass(slots=True)
class Identities:
    """Finds, for files that are new at their path, the row that they moved away from.

    Only a row whose old path certainly holds nothing any more can have moved: its library's root
    must be there and the path not. Of several, one of the same name and then the oldest is taken.
    """

    _online: dict[int, bool] = field(default_factory=dict)

    def known(self, contents: Iterable[str]) -> dict[str, list[File]]:
        """Rows by content fingerprint, in one query."""
        rows: dict[str, list[File]] = defaultdict(list)
        files = File.objects.filter(content__in={c for c in contents if c})
        for file in files.select_related("library", "folder").order_by("pk"):
            rows[file.content].append(file)
        return rows

    def moved_from(
        self, candidates: list[File], *, name: bytes, size_bytes: int, taken: set[int]
    ) -> File | None:
        """The row among ``candidates`` (of equal content) that is now somewhere else.

        None is taken twice: its id is added to ``taken``.
        """
        for file in sorted(candidates, key=lambda file: bytes(file.name) != name):
            if file.pk in taken or file.size_bytes != size_bytes:
                continue
            if self._is_online(file.library) and is_gone(file.location):
                taken.add(file.pk)
                return file
        return None

    def linked_to(self, candidates: list[File], *, device: int, inode: int) -> File | None:
        """The row among ``candidates`` that is a hard link to the same file on disk."""
        same = (f for f in candidates if (int(f.device), int(f.inode)) == (device, inode))
        return next((f for f in same if f.missing_since is None and f.video_id), None)

    def _is_online(self, library: Library) -> bool:
        if library.pk not in self._online:
            try:
                check_root(library.root_bytes, expect_files=True)
                self._online[library.pk] = True
            except RootOffline:
                self._online[library.pk] = False
        return self._online[library.pk]
