"""What follows from news of the catalogue."""

from typing import Any

from django.dispatch import receiver

from apps.library.signals import videos_scanned
from apps.transcodes.tasks.asking import request_on_import


@receiver(videos_scanned, dispatch_uid="transcodes.on_import")
def apply_rules(*, video_ids: list[int], **_kwargs: Any) -> None:
    request_on_import(video_ids)
