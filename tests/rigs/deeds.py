"""What forked processes are told to do; nothing is loaded before they do it."""

from collections.abc import Sequence


def scan(library_id: int) -> None:
    from django.utils import timezone

    from apps.library.models import Library
    from apps.library.services.scan import scan_library

    scan_library(Library.objects.get(pk=library_id), now=timezone.now())


def make(kinds: Sequence[str]) -> None:
    from apps.artifacts.services.making import make_artifacts, videos_lacking

    for video in list(videos_lacking(kinds)):
        make_artifacts(video.pk, kinds=kinds)


def split(video_id: int, at: Sequence[int]) -> None:
    from apps.library.models import Video
    from apps.markers.services.split import split_video

    video = Video.objects.select_related("library").get(pk=video_id)
    split_video(video, list(at), exact=True, remove_source=False, run="killed")


def identify() -> None:
    from apps.library.models import Video
    from apps.stashbox.services.identify import identify

    identify(Video.objects.all())


def transcode(transcode_id: int) -> None:
    from apps.library.services.storage import open_disk
    from apps.transcodes.services.run import run

    with open_disk() as disk:
        run(transcode_id, disk=disk)
