"""The catalogue after files were transcoded: the video stays, its file is another one."""

from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from apps.core import audit
from apps.core.models import AuditAction
from apps.core.progress import Guard
from apps.library.choices import Integrity, ProbeState
from apps.library.models import File, Folder, Library, Video
from apps.library.querysets import folder_key
from apps.library.services.facts import sync_facts
from apps.library.services.paths import shown
from apps.library.services.scan import probe_again
from apps.library.services.scan.compare import FORGET_DIGESTS

Found = Mapping[str, int]
_TOLD = ("path", "size_bytes", "mtime_ns")


def take_place(file: File, path: bytes, found: Found) -> File:
    """Let a file's row speak of what stands at ``path`` now; its video keeps all else. The audit
    says whose work that was.

    ``found`` is what the disk says of it. Should a scan have taken the new file in already, that
    row is given the video, and returned. Call it in a transaction.
    """
    folder, name = _folder(file.library, path)
    values = _values(path, found) | {"folder": folder, "name": name}
    changes = {name: (getattr(file, name), values[name]) for name in _TOLD}
    audit.record([audit.entry(file, AuditAction.CHANGED, changes)])
    video_id = file.video_id
    try:
        with transaction.atomic():
            File.objects.filter(pk=file.pk).update(**values)
    except IntegrityError:
        return _adopt(folder, name, file.video, values)
    _look_again(folder)
    if video_id:
        sync_facts([video_id])
    file.refresh_from_db()
    return file


def add_file(source: File, path: bytes, found: Found) -> File:
    """A further file of a source's video, on the same disk. Call it in a transaction."""
    library, video = source.library, source.video
    folder, name = _folder(library, path)
    values = _values(path, found) | {"device": source.device}
    made, is_new = File.objects.get_or_create(
        folder=folder, name=name, displaced=0,
        defaults={"library": library, "video": video, **values},
    )  # fmt: skip
    if not is_new:
        made = _adopt(folder, name, video, values)
    _look_again(folder)
    return made


def read_again(library: Library, file_ids: list[int], *, job_id: int | None, guard: Guard) -> None:
    """Have the facts and fingerprints of new content read now. Raises RootOffline."""
    probe_again(library, file_ids, now=timezone.now(), job_id=job_id, guard=guard)


def _values(path: bytes, found: Found) -> dict[str, Any]:
    return {
        "path": shown(path), "size_bytes": found["size_bytes"], "mtime_ns": found["mtime_ns"],
        "inode": found["inode"], "missing_since": None, "displaced": 0,
        "probe_state": ProbeState.PENDING, "probe_error": "", "probe_message": "",
        # what was known of other bytes: beside it the new ones would look like rot
        "oshash": "", "content": "", "md5": "",
        "integrity": Integrity.UNKNOWN, "integrity_detail": "", "verified_at": None,
        "updated_at": timezone.now(),
    }  # fmt: skip


def _folder(library: Library, path: bytes) -> tuple[Folder, bytes]:
    parent, _, name = path.rpartition(b"/")
    folder, _ = Folder.objects.get_or_create(
        library=library, key=folder_key(parent),
        defaults={"path": parent, "seen_at": timezone.now()},
    )  # fmt: skip
    return folder, name


def _adopt(folder: Folder, name: bytes, video: Video | None, values: dict[str, Any]) -> File:
    """A scan was quicker: its row goes to our video, and the one that it made of it is dropped
    unless a person has touched it."""
    rows = File.objects.select_for_update(of=("self",))
    file: File = rows.get(folder=folder, name=name, displaced=0)
    other = file.video
    File.objects.filter(pk=file.pk).update(**values, video=video)
    if other and other != video and not other.files.exists() and other.version == 1:
        other.delete()
    if video:
        sync_facts([video.pk])
    file.refresh_from_db()
    return file


def _look_again(folder: Folder) -> None:
    """Scans compare the folder once more, and find nothing to do."""
    with connection.cursor() as cursor:
        cursor.execute(FORGET_DIGESTS, [[folder.pk]])
