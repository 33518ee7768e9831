"""The page of a video: facts, form, markers, history."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts.choices import Role
from apps.core import audit
from apps.core.models import AuditEntry
from apps.jobs.models import Job
from apps.library.choices import FieldKind
from apps.library.models import Video
from tests.factories import (
    NOON,
    make_artifact,
    make_custom_field,
    make_marker,
    make_performer,
    make_studio,
    make_tag,
    make_video,
)

HOSTILE = "<img src=x onerror=alert(1)>"


def address(video: Video) -> str:
    return reverse("admin:library_video_change", args=[video.pk])


def filled_in(video: Video, **changes: Any) -> dict[str, Any]:
    """What a browser would send back of the form as it was read."""
    return {
        "version": video.version, "title": video.title, "details": video.details,
        "markers-TOTAL_FORMS": 0, "markers-INITIAL_FORMS": 0,
        "markers-MIN_NUM_FORMS": 0, "markers-MAX_NUM_FORMS": 1000, **changes,
    }  # fmt: skip


class TestSaving:
    def test_writes_what_changed_and_who_did_it(self, boss: Client) -> None:
        video, tag, performer = make_video("Before"), make_tag(), make_performer()
        studio = make_studio()

        response = boss.post(
            address(video),
            filled_in(
                video, title="After", rating=80, favorite="on", studio=studio.pk, tags=[tag.pk],
                performers=[performer.pk], urls="https://example.org/a\nhttps://example.org/b,c",
                date="2024-05-17", locked_fields=["title"],
            ),
        )  # fmt: skip

        assert response.status_code == 302
        video.refresh_from_db()
        assert (video.title, video.rating, video.favorite) == ("After", 80, True)
        assert video.urls == ["https://example.org/a", "https://example.org/b,c"]
        assert (video.tag_ids, video.studio_id) == ([tag.pk], studio.pk)
        assert (video.version, video.locked_fields) == (2, ["title"])
        (entry,) = AuditEntry.objects.about(video)
        assert entry.user
        assert entry.user.username == "boss"
        assert entry.changes["title"] == ["Before", "After"]
        assert entry.changes["tags"] == [[], [tag.pk]]

    def test_unchanged_writes_nothing(self, boss: Client) -> None:
        video = make_video(urls=["https://example.org/"], rating=5, tags=[make_tag()])

        boss.post(
            address(video),
            filled_in(video, rating=5, urls="https://example.org/", tags=video.tag_ids),
        )

        video.refresh_from_db()
        assert video.version == 1
        assert not AuditEntry.objects.about(video).exists()

    def test_a_stale_edit_is_refused_once_and_says_what_happened(self, boss: Client) -> None:
        video = make_video("Original")
        audit.update(video, {"title": "Theirs"})

        refused = boss.post(address(video), filled_in(video, title="Mine")).content.decode()

        video.refresh_from_db()
        assert video.title == "Theirs"
        assert "changed this meanwhile (title)" in refused
        assert 'value="Mine"' in refused
        assert 'name="version" value="2"' in refused

        boss.post(address(video), filled_in(video, title="Mine", version=2))

        video.refresh_from_db()
        assert video.title == "Mine"

    def test_fields_that_people_invented(self, boss: Client) -> None:
        make_custom_field("camera")
        make_custom_field("takes", kind=FieldKind.NUMBER)
        make_custom_field("shot", kind=FieldKind.DATE)
        make_custom_field("out", kind=FieldKind.FLAG)
        video = make_video(custom={"camera": "H16", "gone": "kept"})

        page = boss.get(address(video)).content.decode()
        boss.post(
            address(video),
            filled_in(video, custom__takes="3", custom__shot="2024-01-02", custom__out="true"),
        )

        assert 'value="H16"' in page
        video.refresh_from_db()
        assert video.custom == {"gone": "kept", "takes": 3.0, "shot": "2024-01-02", "out": True}

    def test_markers_are_added_changed_and_deleted(self, boss: Client) -> None:
        video = make_video()
        changed, deleted = make_marker(video), make_marker(video)
        sent = filled_in(video) | {
            "markers-TOTAL_FORMS": 3, "markers-INITIAL_FORMS": 2,
            "markers-0-id": changed.pk, "markers-0-video": video.pk, "markers-0-version": 1,
            "markers-0-start_ms": "0:07.5", "markers-0-end_ms": "",
            "markers-1-id": deleted.pk, "markers-1-video": video.pk, "markers-1-version": 1,
            "markers-1-start_ms": "5", "markers-1-end_ms": "", "markers-1-DELETE": "on",
            "markers-2-video": video.pk, "markers-2-start_ms": "1:00", "markers-2-end_ms": "1:01",
            "markers-2-title": "New",
        }  # fmt: skip

        response = boss.post(address(video), sent)

        assert response.status_code == 302
        kept = video.markers.order_by("start_ms").values_list("start_ms", "end_ms", "title")
        assert list(kept) == [(7_500, None, ""), (60_000, 61_000, "New")]
        actions = AuditEntry.objects.filter(object_type="library.marker").order_by("pk")
        assert [entry.action for entry in actions] == ["changed", "deleted", "created"]

    def test_a_marker_ends_after_it_starts(self, boss: Client) -> None:
        video = make_video()
        sent = filled_in(video) | {
            "markers-TOTAL_FORMS": 1, "markers-0-video": video.pk,
            "markers-0-start_ms": "10", "markers-0-end_ms": "9",
        }  # fmt: skip

        page = boss.post(address(video), sent).content.decode()

        assert "has to end after it starts" in page
        assert not video.markers.exists()


class TestPage:
    def test_shows_files_artifacts_and_history(self, boss: Client) -> None:
        video = make_video("Film")
        file = video.files.get()
        file.streams = [
            {"type": "video", "codec": "h264", "width": 1920, "height": 1080},
            {"type": "audio", "codec": "aac", "channels": 2, "language": "eng"},
        ]
        file.chapters = [{"start_ms": 61_000, "end_ms": 90_000, "title": HOSTILE}]
        file.save()
        make_artifact(video)
        audit.update(video, {"title": HOSTILE})

        page = boss.get(address(video)).content.decode()

        assert "1920 x 1080" in page
        assert "0:01:01.000" in page
        assert file.oshash in page
        assert "Made from it" in page
        assert "<del>Film</del>" in page
        assert HOSTILE not in page

    def test_a_viewer_reads_without_fields_or_history(self, as_role: Any) -> None:
        video = make_video("Film", custom={"camera": "H16"})
        audit.update(video, {"rating": 4})
        client = as_role(Role.VIEWER)

        page = client.get(address(video)).content.decode()

        assert "Film" in page
        assert 'name="title"' not in page
        assert "history-heading" not in page
        assert client.post(address(video), filled_in(video, title="x")).status_code == 403

    def test_only_what_is_gone_can_be_forgotten(self, boss: Client) -> None:
        here, gone = make_video("Here"), make_video("Gone", missing_since=NOON)
        delete = "admin:library_video_delete"

        assert boss.post(reverse(delete, args=[here.pk]), {"post": "yes"}).status_code == 403
        boss.post(reverse(delete, args=[gone.pk]), {"post": "yes"})

        assert list(Video.objects.all()) == [here]


class TestActions:
    @pytest.mark.parametrize(
        ("action", "expected"), [("mark_favorite", True), ("unmark_favorite", False)]
    )
    def test_favorite(self, boss: Client, action: str, expected: bool) -> None:
        video = make_video(favorite=not expected)

        boss.post(
            reverse("admin:library_video_changelist"),
            {"action": action, "_selected_action": [video.pk]},
        )

        video.refresh_from_db()
        assert video.favorite is expected
        assert AuditEntry.objects.about(video).count() == 1

    def test_artifacts_are_made_again(self, boss: Client) -> None:
        cover = make_artifact()

        boss.post(
            reverse("admin:library_video_changelist"),
            {"action": "make_all_again", "_selected_action": [cover.video_id]},
        )

        cover.refresh_from_db()
        assert cover.parameters == ""
        assert Job.objects.get().params == {"kinds": ["cover"], "again": True}
