"""What artifacts add to a video as the API shows it."""

from collections.abc import Callable, Sequence
from typing import Any

from apps.artifacts.choices import ArtifactKind, ArtifactState
from apps.artifacts.models import Artifact

Links = dict[str, str] | None


def artifacts_of(video_ids: Sequence[int], /, *, url: Callable[[str], str]) -> dict[int, Any]:
    """By video and kind: the addresses of the files, or ``None`` where there is none."""
    base = url("/api/v1/artifacts/")
    found: dict[int, dict[str, Links]] = {pk: dict.fromkeys(ArtifactKind.values) for pk in video_ids}
    made = Artifact.objects.made().filter(video_id__in=video_ids)
    for pk, video_id, kind, files, version in made.values_list(
        "pk", "video_id", "kind", "files", "made_at"
    ):
        links = {size: _link(base, pk, size, str(version.timestamp())) for size in files}
        found[video_id][kind] = links
    return found
