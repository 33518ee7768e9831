"""What artifacts add to a video as the API shows it."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

from django.urls import reverse

from apps.artifacts.choices import ArtifactKind
from apps.artifacts.models import Artifact

_COLUMNS = ("pk", "video_id", "kind", "files", "made_at")


def artifacts_of(video_ids: Sequence[int], /, *, url: Callable[[str], str]) -> dict[int, Any]:
    """By video and kind: the addresses of the files, or ``None`` where there are none."""
    base = url(reverse("v1:artifact-list"))
    made = Artifact.objects.made().filter(video_id__in=video_ids).values_list(*_COLUMNS)
    found: dict[int, Any] = {pk: dict.fromkeys(ArtifactKind.values) for pk in video_ids}
    for pk, video_id, kind, files, made_at in made:
        found[video_id][kind] = links(base, pk, files, made_at)
    return found


def links(base: str, pk: int, sizes: Iterable[str], made_at: datetime | None) -> dict[str, str]:
    """Addresses by size. A new picture has a new address, so that each may be cached for good."""
    made = f"{made_at:%Y%m%d%H%M%S}" if made_at else ""
    return {size: f"{base}{pk}/file/?size={size}&v={made}" for size in sizes}
