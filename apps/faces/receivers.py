"""What follows from news of the catalogue."""

from typing import Any

from django.dispatch import receiver

from apps.faces.signals import change_made, library_switched, people_changed, settings_changed
from apps.faces.tasks.finding import request_embed, request_for_new, request_new
from apps.faces.tasks.naming import request_follow, request_names, request_recognise
from apps.library.signals import videos_scanned

_NAMING = {"apply_one_in", "suggest_one_in", "margin"}


@receiver(videos_scanned, dispatch_uid="faces.find_new")
def find_in_new(*, library_id: int, video_ids: list[int], **_kwargs: Any) -> None:
    request_for_new(library_id, video_ids)


@receiver(change_made, dispatch_uid="faces.follow")
def follow_change(*, change_id: int, **_kwargs: Any) -> None:
    request_follow(change_id)


@receiver(people_changed, dispatch_uid="faces.recognise")
def recognise_people(*, performer_ids: list[int], **_kwargs: Any) -> None:
    request_recognise(performer_ids)


@receiver(settings_changed, dispatch_uid="faces.settings")
def follow_settings(*, fields: list[str], **_kwargs: Any) -> None:
    if "engine" in fields:
        request_embed()
    elif not _NAMING.isdisjoint(fields):
        request_names()


@receiver(library_switched, dispatch_uid="faces.library")
def follow_switch(*, enabled: bool, **_kwargs: Any) -> None:
    request_names()
    if enabled:
        request_new()
