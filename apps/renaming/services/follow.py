"""The catalogue after files were renamed: rows, videos' facts, and folders that look different."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import IntegrityError, connection, transaction

from apps.library.models import File, Folder, Library
from apps.library.querysets import folder_key
from apps.library.services.facts import sync_facts
from apps.library.services.paths import shown
from apps.library.services.scan.compare import FORGET_DIGESTS
from apps.renaming.models import Rename

_FOLDERS = """
    INSERT INTO library_folder (library_id, path, key, seen_at, file_count, size_bytes, looks)
    SELECT %s, path, key, %s, 0, 0, 0 FROM unnest(%s::bytea[], %s::bytea[]) AS made(path, key)
    ON CONFLICT (library_id, key) DO NOTHING
"""


@dataclass(slots=True)
class Followed:
    """Folders of files whose rows stand in each other's way: a scan has to look at them."""

    unclear: set[bytes] = field(default_factory=set)

    def add(self, other: "Followed") -> None:
        self.unclear |= other.unclear


def follow(library: Library, places: Sequence[tuple[Rename, bytes]], *, now: datetime) -> Followed:
    """Tell the catalogue where files are now, in a transaction.

    Scans compare the folders once more, and find nothing to do.
    """
    followed = Followed()
    parts = [(line, *path.rpartition(b"/")[::2]) for line, path in places]
    wanted = {bytes(line.old).rpartition(b"/")[0] for line, _ in places}
    folders = _folders(library, wanted | {folder for _, folder, _ in parts}, now=now)
    for line, folder, name in parts:
        if line.file_id and not _place(line.file_id, folders[folder], folder, name, now=now):
            followed.unclear.add(folder)
    with connection.cursor() as cursor:
        cursor.execute(FORGET_DIGESTS, [sorted(folders.values())])
    sync_facts(sorted({line.video_id for line, _ in places if line.video_id}))
    return followed


def _folders(library: Library, paths: set[bytes], *, now: datetime) -> dict[bytes, int]:
    """The ids of folders, of which new ones are made."""
    ordered = sorted(paths)
    keys = {folder_key(path): path for path in ordered}
    with connection.cursor() as cursor:
        cursor.execute(_FOLDERS, [library.pk, now, ordered, [folder_key(p) for p in ordered]])
    found = Folder.objects.filter(library=library, key__in=list(keys)).values_list("key", "pk")
    return {keys[bytes(key)]: pk for key, pk in found}


def _place(file_id: int, folder_id: int, folder: bytes, name: bytes, *, now: datetime) -> bool:
    """Whether the row could be put there: a scan may have made another one of it meanwhile."""
    path = folder + b"/" + name if folder else name
    try:
        with transaction.atomic():
            File.objects.filter(pk=file_id).update(
                folder=folder_id, name=name, path=shown(path), displaced=0, missing_since=None,
                updated_at=now,
            )  # fmt: skip
    except IntegrityError:
        return False
    return True
