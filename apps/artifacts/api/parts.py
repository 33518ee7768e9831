"""What artifacts add to a video as the API shows it."""

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from django.urls import reverse

from apps.artifacts.choices import ArtifactKind
from apps.artifacts.models import Artifact, Fingerprint

_COLUMNS = ("pk", "video_id", "kind", "files", "made_at")


def artifacts_of(video_ids: Sequence[int], /, *, url: Callable[[str], str]) -> dict[int, Any]:
    """By video and kind: the addresses of the files, or ``None`` where there are none."""
    base = url(reverse("v1:artifact-list"))
    made = Artifact.objects.made().filter(video_id__in=video_ids).values_list(*_COLUMNS)
    found: dict[int, Any] = {pk: dict.fromkeys(ArtifactKind.values) for pk in video_ids}
    for pk, video_id, kind, files, made_at in made:
        names = [*files, *(["vtt"] if kind == ArtifactKind.SPRITE else [])]
        found[video_id][kind] = links(base, pk, names, made_at)
    return found


def phashes_of(contents: Collection[str], /) -> dict[str, str]:
    """The perceptual hashes of contents, as 16 hex digits."""
    return {one.pk: one.hex for one in Fingerprint.objects.filter(pk__in=contents)}


def links(base: str, pk: int, names: Iterable[str], made_at: datetime | None) -> dict[str, str]:
    """Addresses by name. A new file has a new address, so that each may be cached for good."""
    return {name: f"{base}{pk}/file/?size={name}&v={stamp(made_at)}" for name in names}


def stamp(made_at: datetime | None) -> str:
    """What tells the addresses of an artifact's files from those of the one before it."""
    return f"{made_at:%Y%m%d%H%M%S%f}" if made_at else ""
