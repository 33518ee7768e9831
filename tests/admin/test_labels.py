"""Tags, studios, performers and invented fields."""

from io import BytesIO
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from PIL import Image

from apps.accounts.choices import Role
from apps.core.models import AuditEntry
from apps.library.models import Performer, Tag
from tests.factories import (
    make_custom_field,
    make_performer,
    make_studio,
    make_tag,
    make_video,
)


def picture(kind: str = "PNG") -> bytes:
    out = BytesIO()
    Image.new("RGB", (20, 10), "red").save(out, kind)
    return out.getvalue()


@pytest.fixture(autouse=True)
def _pictures_in_a_temporary_folder(settings: Any, tmp_path: Any) -> None:
    stored = {**settings.STORAGES["default"], "OPTIONS": {"location": tmp_path}}
    settings.STORAGES = {**settings.STORAGES, "default": stored}


class TestTags:
    def test_parents_are_saved_and_written_down(self, boss: Client) -> None:
        parent = make_tag("Animals")

        boss.post(
            reverse("admin:library_tag_add"),
            {
                "name": "Cats",
                "aliases": "Kitties\n\nMogs",
                "parents": [parent.pk],
                "color": "#ff0000",
            },
        )

        tag = Tag.objects.get(name="Cats")
        assert (list(tag.parents.all()), tag.aliases) == ([parent], ["Kitties", "Mogs"])
        assert AuditEntry.objects.about(tag).get().action == "created"

    def test_another_of_the_same_name_is_refused_with_the_reason(self, boss: Client) -> None:
        make_tag("Animals")

        page = boss.post(reverse("admin:library_tag_add"), {"name": "ANIMALS"})

        assert "There is another tag with this name already." in page.content.decode()

    def test_a_cycle_is_refused_with_the_reason(self, boss: Client) -> None:
        parent = make_tag("Animals")
        child = make_tag("Cats", parents=[parent])

        page = boss.post(
            reverse("admin:library_tag_change", args=[parent.pk]),
            {"name": "Animals", "version": 1, "parents": [child.pk]},
        )

        assert "which it includes already" in page.content.decode()
        assert not parent.parents.exists()

    def test_deleting_tells_what_it_means_and_keeps_the_videos(self, boss: Client) -> None:
        tag = make_tag("Cats")
        video = make_video(tags=[tag])
        address = reverse("admin:library_tag_delete", args=[tag.pk])

        asked = boss.get(address).content.decode()
        boss.post(address, {"post": "yes"})

        assert "1 videos lose it" in asked
        video.refresh_from_db()
        assert video.tag_ids == []
        assert AuditEntry.objects.get(object_type="library.tag").action == "deleted"

    def test_page_shows_its_videos_and_those_of_its_children(self, boss: Client) -> None:
        parent = make_tag("Animals")
        make_video("A cat", tags=[make_tag("Cats", parents=[parent])])

        page = boss.get(reverse("admin:library_tag_change", args=[parent.pk])).content.decode()

        assert "A cat" in page
        assert "browse/?q=tag%3A%22Animals%22" in page

    def test_suggestions_for_pickers(self, as_role: Any) -> None:
        make_tag("Mountains")
        asked = {
            "app_label": "library",
            "model_name": "video",
            "field_name": "tags",
            "term": "ount",
        }

        answer = as_role(Role.VIEWER).get(reverse("admin:autocomplete"), asked).json()

        assert [result["text"] for result in answer["results"]] == ["Mountains"]


class TestStudios:
    def test_a_cycle_is_refused(self, boss: Client) -> None:
        parent = make_studio("Big")
        child = make_studio("Small", parent=parent)

        page = boss.post(
            reverse("admin:library_studio_change", args=[parent.pk]),
            {"name": "Big", "version": 1, "parent": child.pk},
        )

        assert "belongs to it already" in page.content.decode()


class TestPerformers:
    def form(self, performer: Performer, **values: Any) -> dict[str, Any]:
        return {
            "name": performer.name, "version": performer.version,
            "images-TOTAL_FORMS": 1, "images-INITIAL_FORMS": 0,
            "images-0-performer": performer.pk, "images-0-position": 0, **values,
        }  # fmt: skip

    def test_a_picture_is_kept_under_a_name_of_our_own(self, boss: Client, as_role: Any) -> None:
        performer = make_performer()
        upload = SimpleUploadedFile("../../<b>.svg.png", picture(), "text/html")
        address = reverse("admin:library_performer_change", args=[performer.pk])

        boss.post(address, self.form(performer, **{"images-0-image": upload}))

        image = performer.images.get()
        assert image.image.name.endswith(".png")
        assert "<" not in image.image.name
        shown = as_role(Role.VIEWER).get(reverse("admin:library_performer_image", args=[image.pk]))
        assert (shown.status_code, shown["Content-Type"]) == (200, "image/png")
        assert b"".join(shown.streaming_content) == picture()

    @pytest.mark.parametrize("content", [b"<svg onload=alert(1)>", picture("GIF")])
    def test_other_files_are_refused(self, boss: Client, content: bytes) -> None:
        performer = make_performer()
        upload = SimpleUploadedFile("face.png", content)
        address = reverse("admin:library_performer_change", args=[performer.pk])

        page = boss.post(address, self.form(performer, **{"images-0-image": upload}))

        assert page.status_code == 200
        assert not performer.images.exists()


class TestCustomFields:
    def test_key_and_kind_stay_once_chosen(self, boss: Client) -> None:
        field = make_custom_field("camera")

        boss.post(
            reverse("admin:library_customfield_change", args=[field.pk]),
            {"label": "Kamera", "key": "other", "kind": "date", "version": 1},
        )

        field.refresh_from_db()
        assert (field.label, field.key, field.kind) == ("Kamera", "camera", "text")
