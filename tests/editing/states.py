"""What a bulk edit may change, to compare: all but versions, times and the links' own ids."""

from typing import Any

from apps.library.models import Performer, Studio, Tag, Video, VideoLabels, VideoPerformer, VideoTag

_COLUMNS = [
    "id", "title", "rating", "favorite", "organized", "date", "studio_id", "custom", "tag_ids",
    "performer_ids", "haystack",
]  # fmt: skip


def state(*, provenance: bool = True) -> list[dict[str, Any]]:
    columns = [*_COLUMNS, "provenance"] if provenance else _COLUMNS
    rows = list(Video.objects.order_by("pk").values(*columns))
    check_labels()
    for row in rows:
        tags = VideoTag.objects.filter(video=row["id"]).order_by("tag")
        people = VideoPerformer.objects.filter(video=row["id"]).order_by("performer")
        assert row["tag_ids"] == list(tags.values_list("tag", flat=True))
        assert row["performer_ids"] == list(people.values_list("performer", flat=True))
    for model in (Tag, Performer, Studio):
        for label in model.objects.order_by("pk"):
            assert label.video_count == Video.objects.filter(**{_NAMES[model]: label}).count()
            rows.append({"label": str(label), "count": label.video_count})
    return rows


def check_labels() -> None:
    """The labels that videos are found by are theirs."""
    columns = ("tag_ids", "performer_ids", "studio_id")
    videos = Video.objects.order_by("pk").values_list("pk", *columns)
    assert list(VideoLabels.objects.order_by("pk").values_list("pk", *columns)) == list(videos)


_NAMES: dict[Any, str] = {Tag: "tags", Performer: "performers", Studio: "studio"}
