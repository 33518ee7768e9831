"""Whether a folder can be a library. Storage is asked in children that can be killed."""

import os
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

from apps.core.errors import MediaHubError
from apps.disk.reader import Disk, DiskSilent
from apps.disk.rules import Rules
from apps.library.models import Library
from apps.library.services.scan.roots import RootOffline, check_root, nested
from apps.library.services.storage import open_disk

_PATIENCE_S = 5.0  # a person waits
_OTHERS_PATIENCE_S = 2.0

# Folders of the system, that hold no media, and the places in them where media may lie all the same
_SYSTEM = (
    "/bin", "/boot", "/dev", "/etc", "/lib", "/lib32", "/lib64", "/libx32", "/proc", "/run",
    "/sbin", "/sys", "/usr", "/var/cache", "/var/lib/apt", "/var/lib/dpkg", "/var/lib/postgresql",
    "/var/log", "/var/run",
)  # fmt: skip
_NOT_SYSTEM = ("/dev/shm", "/run/media", "/run/mount", "/run/user", "/usr/home", "/usr/local")  # noqa: S108
_TOO_WIDE = ("/", "/var", "/var/lib")


class LibraryRefused(MediaHubError):
    """The library can't be as it was given; nothing was saved. ``field`` names what is wrong."""

    code = "library_refused"

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


def check_library(library: Library, *, root_is_new: bool = True) -> None:
    """Whether patterns and, if it is new, root of a library can be used. Raises LibraryRefused.

    Another library's share that hangs is waited for two seconds, and then compared by its name.
    """
    if root_is_new:
        _check_root(library)
    _check_patterns("include", library)
    _check_patterns("exclude", library)


def _check_root(library: Library) -> None:
    root = Path(library.root)
    if not root.is_absolute():
        raise LibraryRefused("root", f"{root} is not an absolute path: it must begin with a slash.")
    _check_place(root)
    real = _check_there(library)
    _check_place(real)
    for other, place in _others(library):
        if nested(real, place) or nested(root, Path(other.root)):
            message = f"{root} overlaps with the library {other.name} at {other.root}."
            raise LibraryRefused("root", message)


def _check_place(root: Path) -> None:
    """Whether media may lie there at all. A root above our own data is fine: scans skip that."""
    if str(root) in _TOO_WIDE or (_is_in(root, _SYSTEM) and not _is_in(root, _NOT_SYSTEM)):
        raise LibraryRefused(
            "root", f"{root} belongs to the system: name the folder that holds your videos."
        )
    data = Path(os.path.realpath(settings.MEDIAHUB_DATA_DIR))
    if _is_in(root, [str(data)]) and not _is_in(root, [str(data / "demo")]):
        raise LibraryRefused("root", f"{root} lies in MediaHub's own data at {data}.")


def _is_in(root: Path, trees: tuple[str, ...] | list[str]) -> bool:
    return any(root == Path(tree) or Path(tree) in root.parents for tree in trees)


def _check_there(library: Library) -> Path:
    """The root with every link followed."""
    try:
        with open_disk(timeout_s=_PATIENCE_S) as disk:
            check_root(disk, library.root_bytes, expect_files=False)
            return Path(os.fsdecode(disk.real(library.root_bytes)))
    except (RootOffline, DiskSilent) as error:
        raise LibraryRefused("root", str(error)) from error


def _others(library: Library) -> Iterator[tuple[Library, Path]]:
    """Every other library with where it really is, as far as its disk answers."""
    others = list(Library.objects.exclude(pk=library.pk).order_by("pk"))
    with open_disk(timeout_s=_OTHERS_PATIENCE_S) as disk:
        for other in others:
            yield other, _real(disk, other)


def _real(disk: Disk, library: Library) -> Path:
    try:
        return Path(os.fsdecode(disk.real(library.root_bytes)))
    except (DiskSilent, OSError):  # after a silence it doesn't ask again: nobody waits twice
        return Path(os.path.normpath(library.root))


def _check_patterns(field: str, library: Library) -> None:
    try:
        Rules.of(extensions=[], include=library.include, exclude=library.exclude)
    except ValueError as error:
        raise LibraryRefused(field, f"A pattern can't be read: {error}") from error
