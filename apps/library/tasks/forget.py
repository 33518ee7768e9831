"""Missing files that a person wants forgotten."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from apps.jobs.choices import Queue
from apps.jobs.context import JobContext
from apps.jobs.models import Job
from apps.jobs.registry import task
from apps.jobs.services.lifecycle import enqueue
from apps.library.models import Library
from apps.library.services.forget import Choice, check_forgettable, forget_missing
from apps.library.tasks.lanes import lane_of


@task(
    "library.forget",
    title="Forget missing files",
    queue=Queue.DISK,
    unit="files",
    target=("library_id", "library.library"),
)
def forget(
    job: JobContext,
    *,
    library_id: int,
    until: str,
    path: str = "",
    file_ids: Sequence[int] | None = None,
) -> dict[str, Any]:
    choice = Choice(
        Library.objects.get(pk=library_id), until=datetime.fromisoformat(until),
        path=bytes.fromhex(path), file_ids=file_ids,
    )  # fmt: skip
    return dict(forget_missing(choice, report=job.report, guard=job.guard))


def request_forget(choice: Choice) -> Job:
    """Ask for missing files to be forgotten. Raises CannotForget."""
    check_forgettable(choice.library)
    params = {
        "library_id": choice.library.pk,
        "until": choice.until.isoformat(),
        "path": choice.path.hex(),  # names needn't be text
        "file_ids": None if choice.file_ids is None else sorted(choice.file_ids),
    }
    return enqueue(forget, params, lane=lane_of(choice.library))
