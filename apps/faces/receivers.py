"""What follows from news of the catalogue."""

from typing import Any

from django.dispatch import receiver

from apps.faces.tasks.finding import request_for_new
from apps.library.signals import videos_scanned


@receiver(videos_scanned, dispatch_uid="faces.find_new")
def find_in_new(*, library_id: int, video_ids: list[int], **_kwargs: Any) -> None:
    request_for_new(library_id, video_ids)
