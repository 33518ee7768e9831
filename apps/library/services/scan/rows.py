"""The rows that one finding comes to, not yet written."""

import re
import unicodedata
from collections.abc import Iterator
from copy import copy
from datetime import datetime

from django.db import connection, models

from apps.ffmpeg.messages import ProbeResult
from apps.library.choices import Integrity, ProbeState, Refresh
from apps.library.models import File, Scan, Video
from apps.library.services.facts import facts_of
from apps.library.services.scan.compare import PASSING_REASONS, Difference

FACTS = (
    "container", "video_codec", "audio_codec", "width", "height", "duration_ms", "frame_rate",
    "bitrate", "streams", "chapters",
)  # fmt: skip
_REFRESHED: dict[Refresh, tuple[str, ...]] = {
    Refresh.SIZE: ("size_bytes", "mtime_ns", "inode", "device"),
    Refresh.DURATION: ("duration_ms",),
    Refresh.FACTS: (*(name for name in FACTS if name != "duration_ms"), "facts"),
    Refresh.FINGERPRINTS: ("oshash", "content"),
    Refresh.MD5: ("md5",),
}
_PROBED = ("probe_state", "probe_error", "probe_message")
_CHECKED = ("md5", "integrity", "integrity_detail", "verified_at")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")
_TITLE_CHARS = 500
_ROT = "Read anew, it has other bytes under the same size and time."


def changed_row(
    before: File, difference: Difference, result: ProbeResult, *, refresh: frozenset[Refresh]
) -> File:
    """A known row as it is after a finding; of a person's ``refresh`` only what that names."""
    if result.error in PASSING_REASONS:  # what was known is still the best there is to know
        row = copy(before)
        _tell_probe(row, result)
        row.missing_since = None
        return row
    row = _row(difference, result)
    for name in ("pk", "created_at", "video_id"):
        setattr(row, name, getattr(before, name))
    if _is_untouched(before, row):
        _keep_checks(before, row, accept_md5=Refresh.MD5 in refresh)
    if not refresh:
        return row
    names = [name for what in refresh for name in _REFRESHED[what]]
    kept = copy(before)
    kept.missing_since = None
    for name in (*names, *_PROBED):
        setattr(kept, name, getattr(row, name))
    return kept


def new_row(
    difference: Difference, result: ProbeResult, *, pk: int, scan: Scan, now: datetime
) -> File:
    """The row of a file that nobody knew."""
    row = _row(difference, result)
    row.pk, row.created_at, row.library_id = pk, now, scan.library_id
    return row


def new_video(file: File, *, pk: int, now: datetime) -> Video:
    """A video of its own for a file, which is told of it."""
    file.video_id = pk
    return Video(
        pk=pk, title=title_of(bytes(file.name)), library_id=file.library_id,
        primary_file_id=file.pk, added_at=now, **facts_of(file),
    )  # fmt: skip


def title_of(name: bytes) -> str:
    """A title from a file's name, without its extension and control characters, and not too long:
    bytes beyond UTF-8 take four characters each.
    """
    stem = (name.rpartition(b".")[0] or name).decode("utf-8", "backslashreplace")
    stem = unicodedata.normalize("NFC", stem)
    return _CONTROL.sub(" ", stem).strip()[:_TITLE_CHARS].rstrip() or "untitled"


def new_ids(model: type[models.Model], count: int) -> Iterator[int]:
    """Ids from a model's sequence, for rows that are written later."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)",
            [model._meta.db_table, count],
        )
        return iter([row[0] for row in cursor.fetchall()])


def _row(difference: Difference, result: ProbeResult) -> File:
    row = File(
        folder_id=difference.folder.pk,
        name=difference.name,
        path=difference.path.decode("utf-8", "backslashreplace"),
        size_bytes=difference.size_bytes,
        mtime_ns=difference.mtime_ns,
        inode=difference.inode,
        device=difference.device,
        oshash=result.oshash,
        content=result.content,
        md5=result.md5,
    )
    _tell_probe(row, result)
    if result.facts:
        for name in FACTS:
            setattr(row, name, getattr(result.facts, name))
        further = result.facts.to_json().items()
        row.facts = {name: value for name, value in further if name not in FACTS}
    return row


def _tell_probe(row: File, result: ProbeResult) -> None:
    row.probe_state = ProbeState.FAILED if result.error else ProbeState.DONE
    row.probe_error, row.probe_message = result.error, result.message


def _is_untouched(before: File, after: File) -> bool:
    """Nobody wrote to the file, as far as that shows; another one of the same time is no rot."""
    same = (before.size_bytes, before.mtime_ns) == (after.size_bytes, after.mtime_ns)
    return same and (before.content == after.content or int(before.inode) == after.inode)


def _keep_checks(before: File, after: File, *, accept_md5: bool) -> None:
    """Nobody wrote to the file: what checks found of it holds, and other bytes are rot."""
    read = after.md5
    for name in _CHECKED:
        setattr(after, name, getattr(before, name))
    after.md5 = read if accept_md5 else before.md5 or read
    other_bytes = before.content not in ("", after.content)
    other_bytes |= bool(read and before.md5 and read != before.md5 and not accept_md5)
    if other_bytes and after.integrity != Integrity.ROT:
        after.integrity, after.integrity_detail = Integrity.ROT, _ROT
