"""Videos as the contract has them, what narrows them down, and what people change."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest

from apps.accounts.choices import Role, Scope
from apps.artifacts.choices import ArtifactKind
from apps.core.models import AuditEntry
from apps.library.api.shapes import VideoShape
from apps.library.choices import FieldKind
from apps.library.models import File, Video
from tests.client import Api
from tests.factories import (
    NOON,
    make_artifact,
    make_custom_field,
    make_file,
    make_library,
    make_performer,
    make_studio,
    make_tag,
    make_video,
)

CONTRACT = {
    "id", "title", "path", "library", "size", "duration", "width", "height", "orientation",
    "resolution", "container", "video_codec", "audio_codec", "frame_rate", "bitrate", "rating",
    "favorite", "play_count", "last_played_at", "date", "added_at", "tags", "performers", "studio",
    "fingerprints", "artifacts", "files", "missing", "version",
}  # fmt: skip


def test_video_is_as_in_the_contract(api: Api) -> None:
    library = make_library(root="/srv/films/")
    file = make_file(b"a/caf\xe9.mkv", library=library, oshash="0" * 16, content="1" * 32)
    studio, tags = make_studio("Ealing"), [make_tag("b"), make_tag("A")]
    video = make_video(
        "Night", file=file, library=library, studio=studio, tags=tags, rating=80, favorite=True,
        performers=[make_performer("Ann")], duration_ms=61_500, date=date(1949, 5, 1),
        added_at=NOON, size_bytes=700,
    )  # fmt: skip
    second = make_file(b"b.mkv", library=library, video=video, missing_since=NOON, size_bytes=7)
    cover = make_artifact(video)

    shown = api.get(f"videos/{video.pk}/").json()

    link = f"http://testserver/api/v1/artifacts/{cover.pk}/file/?size="
    assert set(shown) >= CONTRACT
    assert {name: shown[name] for name in CONTRACT} == {
        "id": video.pk, "title": "Night", "path": "/srv/films/a/caf\\xe9.mkv",
        "library": library.pk, "size": 700, "duration": 61.5, "width": 1920, "height": 1080,
        "orientation": "landscape", "resolution": "1920x1080", "container": "mp4",
        "video_codec": "h264", "audio_codec": "aac", "frame_rate": 25.0, "bitrate": 8_000_000,
        "rating": 80, "favorite": True, "play_count": 0, "last_played_at": None,
        "date": "1949-05-01", "added_at": "2026-11-21T12:00:00Z",
        "tags": [{"id": tags[1].pk, "name": "A"}, {"id": tags[0].pk, "name": "b"}],
        "performers": [{"id": video.performers.get().pk, "name": "Ann"}],
        "studio": {"id": studio.pk, "name": "Ealing"},
        "fingerprints": {"oshash": "0" * 16, "phash": None, "md5": None, "content": "1" * 32},
        "artifacts": {
            **dict.fromkeys(ArtifactKind.values),
            "cover": {size: f"{link}{size}&v=20261121120000000000" for size in ("card", "full")},
        },
        "files": [
            {"id": file.pk, "path": "/srv/films/a/caf\\xe9.mkv", "size": file.size_bytes,
             "primary": True, "missing": False},
            {"id": second.pk, "path": "/srv/films/b.mkv", "size": 7,
             "primary": False, "missing": True},
        ],
        "missing": False, "version": 1,
    }  # fmt: skip


def test_shape_in_the_schema_has_the_fields_that_are_sent(api: Api) -> None:
    video = make_video()

    listed, read = api.results("videos/")[0], api.get(f"videos/{video.pk}/").json()

    assert listed == read
    assert set(read) == set(VideoShape().fields)


def test_copy_in_another_library_is_shown_where_it_is(api: Api) -> None:
    video = make_video()
    copy = make_file(b"b.mkv", library=make_library(root="/mnt/other/"), video=video)

    files = api.get(f"videos/{video.pk}/").json()["files"]

    assert {file["id"]: file["path"] for file in files}[copy.pk] == "/mnt/other/b.mkv"


def test_audio_without_picture_and_cover(api: Api) -> None:
    video = make_video(
        width=None, height=None, orientation="", video_codec="", duration_ms=None, bitrate=None
    )
    Video.objects.filter(pk=video.pk).update(primary_file=None)
    File.objects.all().delete()

    shown = api.get(f"videos/{video.pk}/").json()

    assert (shown["orientation"], shown["resolution"]) == ("none", "-")
    assert (shown["duration"], shown["artifacts"]) == (None, dict.fromkeys(ArtifactKind.values))
    assert shown["files"] == []
    assert shown["fingerprints"]["oshash"] is None


def _titles(api: Api, **parameters: Any) -> set[str]:
    return {video["title"] for video in api.results("videos/", **parameters)}


@pytest.mark.parametrize(
    ("values", "parameters"),
    [
        ({"video_codec": "av1"}, {"codec": "av1,vp9"}),
        ({"audio_codec": "opus"}, {"audio_codec": "opus"}),
        ({"container": "webm"}, {"container": "webm"}),
        ({"rating": 70}, {"rating_min": 70}),
        ({"rating": 1}, {"rating_max": "1.4"}),
        ({"favorite": True}, {"favorite": "true"}),
        ({"organized": True}, {"organized": "true"}),
        ({"duration_ms": 61_000}, {"duration_min": 60.5}),
        ({"duration_ms": 500}, {"duration_max": 0.5}),
        ({"size_bytes": 10**12}, {"size_min": 10**12}),
        ({"size_bytes": 3}, {"size_max": 3, "size_min": 3}),
        ({"height": 2160}, {"height_min": 2000}),
        ({"height": 144}, {"height_max": 200}),
        ({"width": 1}, {"width_max": 2}),
        ({"bitrate": 9}, {"bitrate_max": 9}),
        ({"orientation": "portrait"}, {"orientation": "portrait"}),
        ({"orientation": ""}, {"orientation": "none"}),
        ({"missing_since": NOON}, {"missing": "true"}),
        ({"added_at": NOON - timedelta(days=9)}, {"added_before": "2026-11-20T00:00:00Z"}),
        ({"added_at": NOON + timedelta(days=9)}, {"added_after": "2026-11-30T11:00:00+00:00"}),
        ({"date": date(2001, 2, 3)}, {"date_after": "2001-02-03", "date_before": "2001-02-04"}),
        ({"path": "deep/Wanted.mkv"}, {"search": "wanted DEEP"}),
    ],
)  # fmt: skip
def test_filter(api: Api, values: dict[str, Any], parameters: dict[str, Any]) -> None:
    make_video("other", added_at=NOON)
    make_video("this", **{"added_at": NOON, **values})

    assert _titles(api, **parameters) == {"this"}


def test_filters_by_what_videos_belong_to(api: Api) -> None:
    studio, other = make_studio(), make_studio()
    ann, bob = make_performer(), make_performer()
    one = make_video("one", studio=studio, performers=[ann, bob])
    make_video("two", studio=other, performers=[ann])
    make_video("three")

    assert _titles(api, library=one.library_id) == {"one"}
    assert _titles(api, studio=f"{studio.pk},{other.pk}") == {"one", "two"}
    assert _titles(api, performer=ann.pk) == {"one", "two"}
    assert _titles(api, performer=f"{ann.pk},{bob.pk}") == {"one"}
    assert _titles(api, performer=[ann.pk, bob.pk]) == {"one"}


def test_tag_includes_its_children(api: Api) -> None:
    animal = make_tag("animal")
    cat, dog = make_tag(parents=[animal]), make_tag(parents=[animal])
    kitten, night = make_tag(parents=[cat]), make_tag()
    make_video("kitten", tags=[kitten, night])
    make_video("dog", tags=[dog])
    make_video("none")

    assert _titles(api, tag=animal.pk) == {"kitten", "dog"}
    assert _titles(api, tag=f"{animal.pk},{night.pk}") == {"kitten"}
    assert _titles(api, tag_any=f"{cat.pk},{dog.pk}") == {"kitten", "dog"}
    assert _titles(api, tag_none=cat.pk) == {"dog", "none"}
    assert _titles(api, tag=animal.pk, tag_none=night.pk) == {"dog"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("rating_min", "x"), ("rating_min", "NaN"), ("rating_min", "1e400"), ("size_max", "-1"),
        ("duration_max", "Infinity"), ("size_min", "9" * 40), ("favorite", "1"), ("tag", "a"),
        ("orientation", "sideways"), ("added_after", "yesterday"), ("missing", "2"),
        ("tag", ",".join(["1"] * 101)), ("library", "-1"), ("tag", "1,,2"),
    ],
)  # fmt: skip
def test_filter_that_cannot_be_read_is_refused(api: Api, name: str, value: str) -> None:
    response = api.get("videos/", **{name: value})

    assert response.status_code == 400
    assert name in response.json()["errors"]


def test_edit(as_role: Callable[..., Api]) -> None:
    editor, video = as_role(Role.EDITOR, Scope.WRITE), make_video(tags=[make_tag()])
    tag, performer, studio = make_tag(), make_performer(), make_studio()
    make_custom_field("seen")
    change = {
        "title": "New", "date": "2020-02-02", "rating": 100, "favorite": True, "organized": True,
        "details": "…", "urls": ["https://example.org/"], "tags": [{"id": tag.pk, "name": "x"}],
        "performers": [performer.pk], "studio": studio.pk, "custom": {"seen": "once"},
        "locked_fields": ["title", "tags"],
    }  # fmt: skip

    response = editor.patch(f"videos/{video.pk}/", change)

    shown = response.json()
    assert response.status_code == 200
    assert shown["version"] == 2
    assert {name: shown[name] for name in change} == {
        **change,
        "tags": [{"id": tag.pk, "name": tag.name}],
        "performers": [{"id": performer.pk, "name": performer.name}],
        "studio": {"id": studio.pk, "name": studio.name},
    }
    video.refresh_from_db()
    assert video.tag_ids == [tag.pk]
    assert video.provenance["title"]["by"] == editor.user.pk  # type: ignore[union-attr]
    entry = AuditEntry.objects.get(object_type="library.video")
    assert entry.user == editor.user
    assert set(entry.changes) == set(change)


def test_edit_that_changes_nothing_leaves_no_trace(api: Api) -> None:
    video = make_video("Same")

    assert api.patch(f"videos/{video.pk}/", {"title": "Same", "tags": []}).json()["version"] == 1
    assert not AuditEntry.objects.exists()


def test_values_are_taken_away(api: Api) -> None:
    video = make_video(rating=5, studio=make_studio(), date=date(2000, 1, 1), tags=[make_tag()])

    nothing: dict[str, Any] = {"rating": None, "studio": None, "date": None, "tags": []}
    shown = api.patch(f"videos/{video.pk}/", nothing).json()

    assert {name: shown[name] for name in nothing} == nothing


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("rating", 0), ("rating", 101), ("rating", "x"), ("title", ""), ("title", "x" * 501),
        ("tags", [999_999]), ("tags", ["a"]), ("tags", 1), ("tags", [True]), ("tags", [2**70]),
        ("studio", 999_999), ("studio", [1]), ("date", "2000-13-01"), ("urls", ["nonsense"]),
        ("custom", {"unknown": 1}), ("custom", [1]), ("locked_fields", ["size"]), ("size", 1),
        ("path", "/etc"), ("version", 7), ("favorite", None), ("colour", "red"),
    ],
)  # fmt: skip
def test_edit_that_cannot_be_is_refused(api: Api, field: str, value: Any) -> None:
    video = make_video()

    response = api.patch(f"videos/{video.pk}/", {field: value})

    assert response.status_code == 400
    assert field in response.json()["errors"]
    assert Video.objects.get().version == 1


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        (FieldKind.TEXT, "x", 1), (FieldKind.TEXT, "x", "x" * 1001),
        (FieldKind.NUMBER, 1.5, "1.5"), (FieldKind.NUMBER, 0, True),
        (FieldKind.FLAG, False, "no"), (FieldKind.DATE, "2000-02-29", "2001-02-29"),
    ],
)  # fmt: skip
def test_custom_fields_hold_their_kind(api: Api, kind: str, good: Any, bad: Any) -> None:
    make_custom_field("mine", kind=kind)
    make_custom_field("other")
    video = make_video(custom={"other": "stays"})
    address = f"videos/{video.pk}/"

    assert api.patch(address, {"custom": {"mine": bad}}).status_code == 400
    shown = api.patch(address, {"custom": {"mine": good}}).json()
    assert shown["custom"] == {"mine": good, "other": "stays"}
    assert api.patch(address, {"custom": {"mine": None}}).json()["custom"] == {"other": "stays"}
