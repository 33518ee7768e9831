"""Which file systems a database must not live on."""

import re
from pathlib import Path

from apps.core.errors import MediaHubError

_MOUNTS = Path("/proc/self/mountinfo")
_NETWORK = {
    "9p", "afs", "cifs", "fuse.rclone", "fuse.sshfs", "ncpfs", "nfs", "nfs4", "smb3", "smbfs",
    "vboxsf",
}  # fmt: skip


class NetworkFolder(MediaHubError):
    """The data folder is on a network share: neither locks nor fsync can be trusted there."""

    code = "network_folder"


def refuse_network_folder(folder: Path) -> None:
    """Raises NetworkFolder if ``folder`` is on a network share, as far as Linux tells."""
    kind = find_filesystem(folder, _MOUNTS.read_text()) if _MOUNTS.exists() else ""
    if kind in _NETWORK:
        raise NetworkFolder(
            f"{folder} is on a network share ({kind}), where a database is not safe: "
            "set MEDIAHUB_DATA_DIR to a folder on a local disk, or DATABASE_URL to a server."
        )


def find_filesystem(folder: Path, mounts: str) -> str:
    """The type of the file system that holds an absolute path, by the text of a ``mountinfo``."""
    best, kind = -1, ""
    for line in mounts.splitlines():
        before, _, after = line.partition(" - ")
        point = Path(re.sub(r"\\(\d{3})", lambda m: chr(int(m[1], 8)), before.split()[4]))
        if folder.is_relative_to(point) and len(point.parts) >= best:  # the last mount is on top
            best, kind = len(point.parts), after.split()[0]
    return kind
