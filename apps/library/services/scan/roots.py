"""Whether a library's root is really there."""

import errno
import os
import secrets
from collections.abc import Sequence
from pathlib import Path

from apps.core.errors import MediaHubError
from apps.disk.reader import Disk, DiskSilent, RootSeen, Stat
from apps.library.choices import Question
from apps.library.models import Library

_SAMPLE = 64
_HOUR_NS = 3_600 * 10**9
_SAME_SHARE = 0.25  # of a sample, to believe that it is the tree that we know


class RootOffline(MediaHubError):
    """The root is missing, empty, unreadable, silent or another: nothing was changed."""

    code = "root_offline"
    status = 409

    def __init__(self, message: str, *, question: Question = Question.NONE) -> None:
        super().__init__(message)
        self.question = question


class PathRefused(MediaHubError):
    """A path that doesn't lie below the library's root, or that nobody knows."""

    code = "path_refused"


def check_root(disk: Disk, root: bytes, *, expect_files: bool) -> int:
    """Return the root's device number.

    An empty folder counts as offline if files are expected in it: it is what an unmounted share
    looks like. Raises RootOffline.
    """
    name = os.fsdecode(root)
    try:
        seen: RootSeen = disk.root(root)
    except DiskSilent:
        raise RootOffline(f"{name} does not answer: does its disk or share hang?") from None
    except OSError as error:
        raise RootOffline(_sentence(name, error)) from error
    if seen.empty and expect_files:
        message = f"{name} is empty, but held files before: is its share mounted?"
        raise RootOffline(message, question=Question.GONE)
    return seen.device


def check_known_disk(
    disk: Disk, library: Library, *, expect_files: bool, accept_other: bool = False
) -> int:
    """``check_root``, and whether what is mounted there is what the last scan saw.

    Many file systems get another device number with each mount, so that only a sample of the known
    files can tell. Raises RootOffline, with the question that a person can answer.
    """
    device = check_root(disk, library.root_bytes, expect_files=expect_files)
    changed = library.device not in (None, device)
    if expect_files and changed and not accept_other and not looks_known(disk, library):
        raise RootOffline(
            f"Another disk than before, or none, is mounted at {library.root}: most of the known "
            "files aren't there. Mount the right one, or tell that this is it.",
            question=Question.OTHER_DISK,
        )
    return device


def check_same_disk(disk: Disk, root: bytes, *, device: int, expect_files: bool) -> None:
    """Whether the root is still there, on the disk on which it was. Raises RootOffline."""
    if check_root(disk, root, expect_files=expect_files) != device:
        name = os.fsdecode(root)
        raise RootOffline(f"{name} was mounted or unmounted during the scan; scan again.")


def below(path: str, *, root: bytes = b"") -> bytes:
    """A path below a root, as bytes; the disk isn't asked. Absolute ones must begin with the root.

    Raises PathRefused.
    """
    given = os.fsencode(path)
    if given.strip(b"/") and given.startswith(b"/"):
        prefix = root.rstrip(b"/") + b"/"
        if not root or not (given + b"/").startswith(prefix):
            raise PathRefused(f"{path!r} does not lie in the library at {os.fsdecode(root)!r}.")
        given = given[len(prefix) :]
    parts = [part for part in given.split(b"/") if part not in {b"", b"."}]
    if b"\0" in given or b".." in parts:
        raise PathRefused(f"{path!r} is not a path below the library's root.")
    return b"/".join(parts)


def outermost(paths: Sequence[bytes]) -> list[bytes]:
    """The paths below a root without those that lie in another of them; no path is all of it."""
    kept: list[bytes] = []
    for path in sorted(set(paths) or {b""}):
        if not any(not top or path.startswith(top + b"/") for top in kept):
            kept.append(path)
    return kept


def check_inside(disk: Disk, root: bytes, relative: bytes) -> None:
    """Whether no link leads out of the root on the way to a path. Raises PathRefused."""
    if relative and disk.real(os.path.join(root, relative)) != os.path.join(
        disk.real(root), relative
    ):
        name = os.fsdecode(relative)
        raise PathRefused(f"{name!r} leads through a link; name the folder that it points to.")


def nested(one: Path, other: Path) -> bool:
    """Whether one folder is, or lies in, the other."""
    return one == other or one in other.parents or other in one.parents


def looks_known(disk: Disk, library: Library) -> bool:
    """Whether most files of a random sample of folders are where they were."""
    start = secrets.token_bytes(16)  # keys are hashes: their neighbours are a random sample
    folders = library.folders.filter(file_count__gt=0)
    picked = list(
        folders.filter(key__gte=start).order_by("key").values_list("pk", flat=True)[:_SAMPLE]
    )
    picked += list(
        folders.filter(key__lt=start).order_by("key").values_list("pk", flat=True)[:_SAMPLE]
    )
    files = library.files.present().select_related("folder", "library")
    sample = list(files.filter(folder__in=picked[:_SAMPLE]).order_by("content", "pk")[:_SAMPLE])
    sample = sample or list(files[:_SAMPLE])
    seen = disk.stats([file.location for file in sample])
    there = sum(
        isinstance(stat, Stat)
        and stat.size_bytes == file.size_bytes
        # FAT keeps local time, which summer shifts by whole hours
        and (stat.mtime_ns - file.mtime_ns) % _HOUR_NS == 0
        for file, stat in zip(sample, seen, strict=True)
    )
    return bool(there >= _SAME_SHARE * len(sample))


def _sentence(name: str, error: OSError) -> str:
    match error.errno:
        case errno.ENOENT:
            return f"{name} isn't there: is its disk or share mounted?"
        case errno.ENOTDIR:
            return f"{name} is not a folder."
        case errno.EACCES | errno.EPERM:
            return f"{name} may not be read by this user."
    return f"{name} can't be read: {error.strerror}."
