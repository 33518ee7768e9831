"""Whether a library's root is really there."""

import os
from collections.abc import Sequence
from pathlib import Path

from apps.core.errors import MediaHubError


class RootOffline(MediaHubError):
    """The root is missing, empty or unreadable: nothing in the library was changed."""

    code = "root_offline"
    status = 409


class PathRefused(MediaHubError):
    """A path that doesn't lie below the library's root."""

    code = "path_refused"


def check_root(root: bytes, *, expect_files: bool) -> int:
    """Return the root's device number.

    An empty folder counts as offline if files are expected in it: it is what an unmounted share
    looks like. Raises RootOffline.
    """
    name = os.fsdecode(root)
    try:
        device = os.stat(root).st_dev
        with os.scandir(root) as entries:
            empty = next(entries, None) is None
    except FileNotFoundError:
        raise RootOffline(f"{name} isn't there: is its disk or share mounted?") from None
    except NotADirectoryError:
        raise RootOffline(f"{name} is not a folder.") from None
    except PermissionError:
        raise RootOffline(f"{name} may not be read by this user.") from None
    except OSError as error:
        raise RootOffline(f"{name} can't be read: {error.strerror}.") from error
    if empty and expect_files:
        raise RootOffline(f"{name} is empty, but held files before: is its share mounted?")
    return device


def below(path: str) -> bytes:
    """A path below a root, as bytes; the disk isn't asked. Raises PathRefused."""
    parts = [part for part in os.fsencode(path).split(b"/") if part not in {b"", b"."}]
    if b"\0" in os.fsencode(path) or b".." in parts:
        raise PathRefused(f"{path!r} is not a path below the library's root.")
    return b"/".join(parts)


def outermost(paths: Sequence[bytes]) -> list[bytes]:
    """The paths below a root without those that lie in another of them; no path is all of it."""
    kept: list[bytes] = []
    for path in sorted(set(paths) or {b""}):
        if not any(not top or path.startswith(top + b"/") for top in kept):
            kept.append(path)
    return kept


def check_same_disk(root: bytes, *, device: int, expect_files: bool) -> None:
    """Whether the root is still there, on the disk on which it was. Raises RootOffline."""
    if check_root(root, expect_files=expect_files) != device:
        name = os.fsdecode(root)
        raise RootOffline(f"{name} was mounted or unmounted during the scan; scan again.")


def check_inside(root: bytes, relative: bytes) -> None:
    """Whether no link leads out of the root on the way to a path. Raises PathRefused."""
    real = os.path.realpath(os.path.join(root, relative))
    if relative and real != os.path.join(os.path.realpath(root), relative):
        name = os.fsdecode(relative)
        raise PathRefused(f"{name!r} leads through a link; name the folder that it points to.")


def is_gone(location: bytes) -> bool:
    """Whether there is certainly no file at a path (an error in looking is not certainty)."""
    try:
        os.lstat(location)
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
    return False


def nested(one: Path, other: Path) -> bool:
    """Whether one folder is, or lies in, the other."""
    return one == other or one in other.parents or other in one.parents
