"""What follows from news of the catalogue."""

from typing import Any

from django.dispatch import receiver

from apps.artifacts.tasks import request_covers
from apps.library.signals import videos_scanned


@receiver(videos_scanned, dispatch_uid="artifacts.covers")
def make_covers(*, library_id: int, **_kwargs: Any) -> None:
    request_covers(library_id)
