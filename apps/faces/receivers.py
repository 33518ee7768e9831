"""What follows from news of the catalogue."""

from typing import Any

from django.dispatch import receiver

from apps.faces.signals import change_made, people_changed
from apps.faces.tasks.finding import request_for_new
from apps.faces.tasks.naming import request_follow, request_recognise
from apps.library.signals import videos_scanned


@receiver(videos_scanned, dispatch_uid="faces.find_new")
def find_in_new(*, library_id: int, video_ids: list[int], **_kwargs: Any) -> None:
    request_for_new(library_id, video_ids)


@receiver(change_made, dispatch_uid="faces.follow")
def follow_change(*, change_id: int, **_kwargs: Any) -> None:
    request_follow(change_id)


@receiver(people_changed, dispatch_uid="faces.recognise")
def recognise_people(*, performer_ids: list[int], **_kwargs: Any) -> None:
    request_recognise(performer_ids)
