"""What follows from news of the catalogue."""

from typing import Any

from django.dispatch import receiver

from apps.artifacts.tasks import request_artifacts
from apps.library.signals import videos_scanned


@receiver(videos_scanned, dispatch_uid="artifacts.made")
def make_artifacts(*, library_id: int, video_ids: list[int], **_kwargs: Any) -> None:
    request_artifacts(library_id, video_ids=video_ids)
