"""What is written before anything has its name, and how it goes again."""

from collections.abc import Sequence
from contextlib import suppress

from apps.disk.reader import Disk
from apps.transcodes.models import Transcode
from apps.transcodes.services.chunked import parts_of
from apps.transcodes.services.names import names_of


def drop_drafts(disk: Disk, transcode: Transcode) -> None:
    """Remove what was written and has no name of its own yet."""
    draft = names_of(transcode).draft
    _remove(disk, [draft, *(draft + bytes.fromhex(one) for one in transcode.sidecars)])
    drop_parts(disk, transcode)


def drop_parts(disk: Disk, transcode: Transcode) -> None:
    """Remove the chunks that others have encoded."""
    for part in parts_of(transcode.chunks, names_of(transcode).draft):
        _remove(disk, [part.path, part.path + b".part"])


def _remove(disk: Disk, paths: Sequence[bytes]) -> None:
    for path in paths:
        with suppress(OSError):
            disk.remove(path)
