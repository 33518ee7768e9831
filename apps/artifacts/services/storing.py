"""Files of artifacts in the storage: none is ever lost sight of, wherever the process ends.

Before a file is written a Leftover names it; the transaction that writes the artifact's row takes
that away. What is named by a Leftover alone is deleted once it is due.
"""

import logging
import os
import shutil
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.conf import settings
from django.core.files.base import File as StoredFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from apps.artifacts.models import Artifact, Leftover
from apps.artifacts.storage import DRAFT
from apps.core.progress import Progress, silent
from apps.ffmpeg.messages import MadeFile

logger = logging.getLogger(__name__)

_WRITING = timedelta(hours=1)  # longer than any writing takes
_ABANDONED = timedelta(days=1)
_PREFIX = "making-"
_AT_ONCE = 200


@contextmanager
def workshop() -> Iterator[Path]:
    """A folder for files under way, on the disk of the data folder; it goes away."""
    folder = settings.MEDIAHUB_DATA_DIR / "tmp"
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=folder, prefix=_PREFIX, ignore_cleanup_errors=True) as made:
        yield Path(made)


def sweep_workshops() -> None:
    """Remove what killed processes left in the folder for files under way."""
    for left in (settings.MEDIAHUB_DATA_DIR / "tmp").glob(f"{_PREFIX}*"):
        with suppress(OSError):
            if time.time() - left.stat().st_mtime > _ABANDONED.total_seconds():
                shutil.rmtree(left, ignore_errors=True)


def store(artifact: Artifact, files: Iterable[MadeFile]) -> dict[str, dict[str, Any]]:
    """Copy made files into the storage; what ``Artifact.files`` says of them.

    Their names tell what they were made from and how: another picture has another name.
    """
    planned = {_path(artifact, file): file for file in files}
    video = artifact.video
    Leftover.objects.bulk_create(
        [
            Leftover(
                path=path, video_id=video.pk, kind=artifact.kind, library_id=video.library_id,
                size_bytes=file.size_bytes, due_at=Now() + _WRITING,
            )
            for path, file in planned.items()
        ],
        update_conflicts=True, unique_fields=["path"], update_fields=["due_at", "size_bytes"],
    )  # fmt: skip
    return {file.name: _store(path, file) for path, file in planned.items()}


def _path(artifact: Artifact, file: MadeFile) -> str:
    made_of = f"{artifact.source[:12]}-{artifact.parameters[:6]}"
    moment = artifact.data.get("at_ms")  # a cover's time, which may be another by choice
    parts = [artifact.video_id, made_of, *([moment] if moment is not None else []), file.name]
    name = "-".join(map(str, parts)) + Path(os.fsdecode(file.path)).suffix
    return f"{artifact.kind}/{artifact.video_id % 1000:03}/{name}"


def _store(path: str, file: MadeFile) -> dict[str, Any]:
    with open(file.path, "rb") as made:
        stored = default_storage.save(path, StoredFile(made))
    sizes = {"width": file.width, "height": file.height} if file.width else {}
    return {"path": stored, "bytes": file.size_bytes, **sizes}


def delete_leftovers(*, report: Progress = silent) -> dict[str, int]:
    """Delete the stored files that no artifact names and that are due; how many, and their bytes.

    Killed anywhere, it goes on where it was: a row goes after its file. One that can't be deleted
    is tried again a day later.
    """
    total, counts = Leftover.objects.due().count(), Counter[str]()
    while True:
        with transaction.atomic():
            due = Leftover.objects.due().select_for_update(skip_locked=True)
            some = list(due.order_by("due_at", "path")[:_AT_ONCE])
            named = _named([leftover.video_id for leftover in some])
            kept = [one.pk for one in some if one.path not in named and not _delete(one, counts)]
            rows = Leftover.objects.filter(pk__in=[one.pk for one in some])
            rows.filter(pk__in=kept).update(due_at=Now() + _ABANDONED)
            rows.exclude(pk__in=kept).delete()
        report(counts["deleted"], max(total, counts["deleted"]))
        if not some:
            return {name: counts[name] for name in ("deleted", "freed_bytes", "failed")}


def _delete(leftover: Leftover, counts: Counter[str]) -> bool:
    try:
        default_storage.delete(leftover.path)
    except OSError as error:
        logger.warning("%s could not be deleted: %s", leftover.path, error.strerror)
        counts["failed"] += 1
        return False
    counts["deleted"] += 1
    counts["freed_bytes"] += leftover.size_bytes
    return True


def find_strays(*, report: Progress = silent) -> int:
    """Look through the whole storage for files that no row names; note them as leftovers.

    There are some after a database was restored from an older backup.
    """
    folders = [f"{kind}/{part}" for kind in _listed("")[0] for part in _listed(kind)[0]]
    found = 0
    for done, folder in enumerate(folders):
        report(done, len(folders), found=found)
        found += _note_strays(folder)
    return found


def _note_strays(folder: str) -> int:
    by_path = {f"{folder}/{name}": _video_of(name) for name in _listed(folder)[1]}
    named = _named([video for video in by_path.values() if video])
    strays = [
        Leftover(path=path, video_id=video, kind=folder.partition("/")[0])
        for path, video in by_path.items()
        if video and path not in named and not _is_being_written(path)
    ]
    return len(Leftover.objects.bulk_create(strays, ignore_conflicts=True))


def _is_being_written(path: str) -> bool:
    """Whether it is the draft of a file, and not one that a killed process left."""
    if not path.endswith(DRAFT):
        return False
    try:
        return default_storage.get_modified_time(path) > timezone.now() - _ABANDONED
    except FileNotFoundError:  # it got its name since it was listed
        return True


def _named(video_ids: Iterable[int]) -> set[str]:
    """The stored files that artifacts of these videos name."""
    rows = Artifact.objects.filter(video_id__in=set(video_ids)).values_list("files", flat=True)
    return {file["path"] for files in rows for file in files.values()}


def _video_of(name: str) -> int:
    digits = name.partition("-")[0]
    return int(digits) if digits.isdecimal() else 0


def _listed(folder: str) -> tuple[list[str], list[str]]:
    try:
        folders, files = default_storage.listdir(folder)
    except FileNotFoundError:
        return [], []
    return sorted(folders), sorted(files)
