"""What the lists' actions start."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest

from apps.core.errors import MediaHubError
from apps.stashbox.tasks import request_identify

_MOST_VIDEOS = 10_000


def identify(request: HttpRequest, videos: Any, *, again: bool) -> None:
    ids = sorted({*videos.order_by()[:_MOST_VIDEOS]})
    try:
        job = request_identify(ids=ids, again=again)
    except MediaHubError as error:
        messages.error(request, str(error))
        return
    number = f"{len(ids):,} video{'s are' if len(ids) > 1 else ' is'}"
    messages.success(request, f"{number} being identified (job {job.pk}).")
