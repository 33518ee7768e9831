"""Markers out of a video and into it, through the API."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.core.files.uploadedfile import SimpleUploadedFile

from apps.accounts.choices import Role
from apps.core.models import AuditEntry
from apps.library.models import Marker, Tag, Video
from apps.markers.services.formats import FORMATS, Cue
from apps.markers.services.transfer import Mode, cues_of, import_markers
from tests.client import Api
from tests.factories import make_marker, make_tag, make_user, make_video

CUES = [Cue(0, None, "One", "Fight", "#ff0000"), Cue(5_000, 9_000, "Two"), Cue(70_000, None, "3")]


@pytest.fixture
def video(db: None) -> Video:
    return make_video(duration_ms=60_000)


def send(api: Api, video: Video, content: str | bytes, **parameters: str) -> Any:
    return api.http.post(
        f"/api/v1/videos/{video.pk}/markers/import/?"
        + "&".join(f"{k}={v}" for k, v in parameters.items()),
        content, content_type="text/plain",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "path", "media_type"),
    [
        ("vtt", "markers.vtt", "text/vtt"),
        ("json", "markers.json", "application/json"),
        ("edl", "markers.edl", "text/plain"),
        ("ffmetadata", "chapters.ffmetadata", "text/plain"),
    ],
)
def test_export_and_import(api: Api, video: Video, name: str, path: str, media_type: str) -> None:
    import_markers(video, CUES)

    response = api.get(f"videos/{video.pk}/{path}")
    assert response.status_code == 200
    assert response["Content-Type"] == f"{media_type}; charset=utf-8"
    other = make_video(duration_ms=60_000)
    taken = send(api, other, response.content)

    assert taken.json() | {"same": 0} == {
        "dry_run": False, "added": 3, "changed": 0, "removed": 0, "same": 0, "beyond": 1,
        "new_tags": [], "unknown_tags": [],
    }  # fmt: skip
    assert cues_of(other) == cues_of(video) == CUES
    assert FORMATS[name].read(response.content) == CUES


def test_nothing_is_added_twice(video: Video) -> None:
    import_markers(video, CUES)
    entries = AuditEntry.objects.count()

    told = import_markers(video, [*CUES, *CUES])

    assert (told.added, told.same) == (0, 6)
    assert AuditEntry.objects.count() == entries
    assert video.markers.count() == 3


def test_replacing(video: Video) -> None:
    import_markers(video, CUES)
    make_marker(video, title="Old")
    before = set(video.markers.filter(title__in=["One", "Two"]).values_list("pk", flat=True))
    AuditEntry.objects.all().delete()

    cues = [Cue(0, None, "One", "fight", "#00ff00"), CUES[1]]
    told = import_markers(video, cues, mode=Mode.REPLACE)

    assert (told.added, told.changed, told.removed, told.same) == (0, 1, 2, 1)
    assert set(video.markers.values_list("pk", flat=True)) == before
    assert Marker.objects.get(title="One").version == 2
    actions = AuditEntry.objects.order_by("action").values_list("action", flat=True)
    assert list(actions) == ["changed", "deleted", "deleted"]


def test_a_dry_run_writes_nothing(api: Api, video: Video) -> None:
    make_marker(video)
    response = send(
        api, video, FORMATS["json"].write(CUES), mode="replace", dry_run="true"
    )  # fmt: skip

    assert response.json()["added"] == 3
    assert response.json()["removed"] == 1
    assert response.json()["new_tags"] == ["Fight"]
    assert video.markers.count() == 1
    assert not Tag.objects.exists()


def test_forms_are_taken_too(api: Api, video: Video) -> None:
    file = SimpleUploadedFile("x.vtt", FORMATS["vtt"].write(CUES).encode())
    response = api.http.post(
        f"/api/v1/videos/{video.pk}/markers/import/", {"file": file, "mode": "replace"}
    )

    assert response.status_code == 200, response.content
    assert video.markers.count() == 3


def test_what_is_refused(api: Api, video: Video) -> None:
    refused = send(api, video, "WEBVTT\n\nnonsense\n")
    assert refused.status_code == 400
    assert refused.json()["type"].endswith("markers_refused")
    assert "Line 4" in refused.json()["detail"]
    assert send(api, video, b"x" * 2_100_000).status_code == 400
    assert send(api, video, "", mode="merge").status_code == 400
    assert send(api, video, "", moode="add").status_code == 400
    assert api.get("videos/999999999/markers.vtt").status_code == 404


@pytest.mark.parametrize("name", ["İstanbul", "ΑΣ", " spaced\nout "])
def test_tags_are_found_again_by_any_name(video: Video, name: str) -> None:
    import_markers(video, [Cue(1_000, None, "first", name)])
    import_markers(video, [Cue(2_000, None, "second", name), Cue(3_000, None, "third", "  ")])

    assert Tag.objects.count() == 1
    assert [marker.tag for marker in video.markers.order_by("start_ms")] == [
        Tag.objects.get(), Tag.objects.get(), None,
    ]  # fmt: skip


def test_what_holds_no_file_removes_no_markers(api: Api, video: Video) -> None:
    import_markers(video, CUES)
    address = f"/api/v1/videos/{video.pk}/markers/import/"

    assert send(api, video, "", mode="replace").status_code == 400
    for form in ({"mode": "replace"}, {"mode": "replace", "content": "x"}, {"file": "text"}):
        assert api.http.post(address, form).status_code == 400, form
    assert video.markers.count() == 3


def test_replacing_takes_more_than_adding(video: Video) -> None:
    adding = make_user(Role.EDITOR)
    adding.groups.clear()
    for name in ("add_marker", "view_marker"):
        adding.user_permissions.add(Permission.objects.get(codename=name))
    text = FORMATS["json"].write(CUES)

    assert send(Api(adding), video, text, mode="replace").status_code == 403
    response = send(Api(adding), video, text)
    assert response.json()["added"] == 3
    assert response.json()["unknown_tags"] == ["Fight"]


def test_many_markers_cost_the_queries_of_few(video: Video, django_assert_num_queries: Any) -> None:
    tag = make_tag("Many")
    few = [Cue(1_000, None, "a", tag.name)]
    many = [Cue(second * 1_000, None, "b", tag.name) for second in range(300)]
    with django_assert_num_queries(8) as counted:
        import_markers(video, few, mode=Mode.REPLACE)
    other = make_video()
    with django_assert_num_queries(len(counted)):
        import_markers(other, many, mode=Mode.REPLACE)
    with django_assert_num_queries(1):
        cues_of(other)
