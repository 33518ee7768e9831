"""What follows from news of the catalogue."""

from typing import Any

from django.dispatch import receiver

from apps.library.signals import videos_scanned
from apps.mediaservers.tasks import request_scanned


@receiver(videos_scanned, dispatch_uid="mediaservers.scanned")
def tell_of_scanned(*, video_ids: list[int], library_id: int, **_kwargs: Any) -> None:
    request_scanned(video_ids, library_id=library_id)
