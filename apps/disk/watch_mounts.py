"""Which file systems tell of every change, and how much of that the kernel allows."""

import re
from pathlib import Path

# Others change these behind the kernel's back, which then has nothing to tell.
_SHARED = re.compile(
    r"nfs\d?|cifs|smb\d?|smbfs|9p|ceph|virtiofs|afs|coda|lustre|beegfs|orangefs|gfs2|ocfs2"
    r"|vboxsf|prl_fs|drvfs|fuse(\..+)?"
)
_OCTAL = re.compile(rb"\\([0-7]{3})")


def file_system_of(path: bytes, mountinfo: bytes) -> str:
    """The type of the file system that a path without links lies on; empty if none is listed.

    ``mountinfo`` is the text of ``/proc/self/mountinfo``; the disk isn't asked.
    """
    return _mount_of(path, mountinfo)[1]


def mount_point_of(path: bytes, mountinfo: bytes) -> bytes:
    """Where that file system is mounted; empty if none is listed."""
    return _mount_of(path, mountinfo)[0]


def _mount_of(path: bytes, mountinfo: bytes) -> tuple[bytes, str]:
    found, kind = b"", ""
    for line in mountinfo.splitlines():
        before, _, after = line.partition(b" - ")
        point = _OCTAL.sub(lambda code: bytes([int(code[1], 8)]), before.split()[4])
        inside = path == point or path.startswith(point.rstrip(b"/") + b"/")
        if inside and len(point) >= len(found):  # of equal ones the later hides the earlier
            found, kind = point, after.split()[0].decode()
    return found, kind


def tells_of_changes(file_system: str) -> bool:
    """Whether inotify hears of every change. ``fuseblk`` is a local disk such as NTFS."""
    return _SHARED.fullmatch(file_system) is None


def allowed_by_kernel(name: str) -> int:
    """A setting of inotify; inside a container there may be less to be had."""
    return int(Path(f"/proc/sys/fs/inotify/{name}").read_text())
