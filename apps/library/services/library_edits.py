"""Making, changing and removing libraries. Nothing here touches the files themselves."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F

from apps.core import audit
from apps.core.errors import Conflict
from apps.core.models import AuditAction
from apps.core.progress import Progress, silent
from apps.jobs.services.lifecycle import active_for
from apps.library.models import Library, LibraryPrefix, Video
from apps.library.services.facts import sync_facts
from apps.library.services.forget import Guard, drop_files
from apps.library.services.library_checks import check_library

_BATCH = 500


class LibraryBusy(Conflict):
    """A job is at work on the library; nothing was changed."""

    code = "library_busy"


@transaction.atomic
def create_library(values: Mapping[str, Any], *, prefixes: Sequence[str] = ()) -> Library:
    """Register a folder with its settings. Raises LibraryRefused."""
    library = Library(**_tidy(values))
    check_library(library)
    audit.create(library)
    _replace_prefixes(library, prefixes)
    return library


@transaction.atomic
def edit_library(
    library: Library,
    values: Mapping[str, Any],
    *,
    prefixes: Sequence[str] | None = None,
    expected_version: int | None = None,
) -> Library:
    """Change a library's settings and, if given, all of its further prefixes.

    What changed shows after the next scan. Raises LibraryRefused, StaleEdit.
    """
    before = library.root
    changed = audit.update(library, _tidy(values), expected_version=expected_version)
    check_library(changed, root_is_new=changed.root != before)
    if prefixes is not None and _replace_prefixes(changed, prefixes):
        Library.objects.filter(pk=library.pk).update(version=F("version") + 1)
    return changed


def remove_library(
    library: Library, *, report: Progress = silent, guard: Guard = transaction.atomic
) -> dict[str, int]:
    """Forget a library with its files, which stay on disk as they are, and their videos.

    A video that has a file in another library stays with that. Each batch is a transaction under
    ``guard``: stopped and called again it goes on where it was. ``report`` counts videos.
    """
    total, removed = library.videos.count(), 0
    while True:
        with guard():
            files = list(library.files.select_for_update().order_by("pk")[:_BATCH])
            removed += drop_files(files)
        if not files:
            break
        report(removed, total)
    last = 0
    while ids := list(
        library.videos.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:_BATCH]
    ):
        with guard():
            _, deleted = Video.objects.filter(pk__in=ids, files=None).delete()
            sync_facts(ids)
        last, removed = ids[-1], removed + deleted.get(Video._meta.label, 0)
        report(removed, total)
    with guard():
        audit.delete(library)
    return {"videos": removed}


def check_removable(library: Library, *, expected_version: int | None = None) -> None:
    """Raises LibraryBusy while a job is at work on the library, and StaleEdit."""
    audit.check_version(library, expected_version)
    if job := active_for(library).first():
        raise LibraryBusy(f"{job.kind} (job {job.pk}) is under way for {library}: cancel it first.")


def _tidy(values: Mapping[str, Any]) -> dict[str, Any]:
    tidy = dict(values)
    if "root" in tidy:
        tidy["root"] = _without_slash(tidy["root"])
    if "extensions" in tidy:
        given = [extension.lower().lstrip(".") for extension in tidy["extensions"]]
        tidy["extensions"] = given or list(settings.MEDIAHUB_EXTENSIONS)
    return tidy


def _without_slash(path: str) -> str:
    return path.strip().rstrip("/") or "/"


def _replace_prefixes(library: Library, wanted: Iterable[str]) -> bool:
    before = sorted(library.prefixes.values_list("prefix", flat=True))
    after = sorted({_without_slash(prefix) for prefix in wanted})
    if before == after:
        return False
    library.prefixes.exclude(prefix__in=after).delete()
    new = [prefix for prefix in after if prefix not in before]
    LibraryPrefix.objects.bulk_create(LibraryPrefix(library=library, prefix=p) for p in new)
    audit.record([audit.entry(library, AuditAction.CHANGED, {"prefixes": (before, after)})])
    return True
