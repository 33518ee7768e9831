"""Recognising a file that scans know already, under another path, by its content.

Only a row whose old path certainly holds nothing any more can have moved: its library's root must
be there and the path not. Of several, one of the same name and then the oldest is taken.
"""

from collections import defaultdict
from collections.abc import Iterable

from apps.library.models import File, Library
from apps.library.services.scan.roots import RootOffline, check_root, is_gone


def known_by_content(contents: Iterable[str]) -> dict[str, list[File]]:
    """Rows by content fingerprint, in one query."""
    rows: dict[str, list[File]] = defaultdict(list)
    files = File.objects.filter(content__in={c for c in contents if c})
    for file in files.select_related("library", "folder").order_by("pk"):
        rows[file.content].append(file)
    return rows


def moved_from(
    candidates: list[File], *, name: bytes, size_bytes: int, taken: set[int]
) -> File | None:
    """The row among ``candidates`` (of equal content) that is now somewhere else.

    None is taken twice: its id is added to ``taken``.
    """
    for file in sorted(candidates, key=lambda file: bytes(file.name) != name):
        if file.pk in taken or file.size_bytes != size_bytes:
            continue
        # in this order: a disk that goes meanwhile takes its files away first
        if is_gone(file.location) and _is_online(file.library):
            taken.add(file.pk)
            return file
    return None


def linked_to(candidates: list[File], *, device: int, inode: int) -> File | None:
    """The row among ``candidates`` that is a hard link to the same file on disk."""
    same = (f for f in candidates if (int(f.device), int(f.inode)) == (device, inode))
    return next((f for f in same if f.missing_since is None and f.video_id), None)


def _is_online(library: Library) -> bool:
    try:
        check_root(library.root_bytes, expect_files=True)
    except RootOffline:
        return False
    return True
