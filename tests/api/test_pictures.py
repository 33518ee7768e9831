"""Pictures of performers."""

import base64
import io

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from PIL import Image

from apps.core.models import AuditEntry
from apps.library.services.pictures import PictureRefused, add_picture, remove_picture
from tests.client import Api
from tests.factories import make_performer

pytestmark = pytest.mark.django_db


def picture(form: str = "PNG", size: tuple[int, int] = (4, 3)) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size).save(buffer, form)
    return buffer.getvalue()


class TestAddPicture:
    def test_names_the_file_for_what_it_is(self) -> None:
        row = add_picture(make_performer(), ContentFile(picture("WEBP"), name="../evil.html"))

        assert row.image.name.startswith("performers/")
        assert row.image.name.endswith(".webp")
        assert "evil" not in row.image.name
        assert AuditEntry.objects.about(row).get().action == "created"

    @pytest.mark.parametrize(
        "content",
        [b"", b"<svg onload=alert(1)>", picture("GIF"), picture("PNG")[:20]],
        ids=["empty", "svg", "gif", "cut short"],
    )
    def test_refuses_what_is_no_harmless_picture(self, content: bytes) -> None:
        with pytest.raises(PictureRefused):
            add_picture(make_performer(), ContentFile(content, name="x.png"))

    def test_refuses_too_many_pixels(self) -> None:
        with pytest.raises(PictureRefused, match="megapixels"):
            add_picture(make_performer(), ContentFile(picture(size=(8_000, 7_000)), name="x.png"))

    def test_removing_deletes_the_file(
        self, django_capture_on_commit_callbacks: pytest.FixtureRequest
    ) -> None:
        row = add_picture(make_performer(), ContentFile(picture(), name="x.png"))
        with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
            remove_picture(row)

        assert not default_storage.exists(row.image.name)


class TestApi:
    def test_takes_base64_and_answers_with_the_performer(self, api: Api) -> None:
        performer = make_performer()

        answer = api.post(
            f"performers/{performer.pk}/images/",
            {"picture": base64.b64encode(picture()).decode()},
        )

        assert answer.status_code == 201
        assert api.get(answer.json()["images"][0]["url"])["Content-Type"] == "image/png"

    @pytest.mark.parametrize("value", ["no base64!", base64.b64encode(b"text").decode(), ""])
    def test_says_what_is_wrong(self, api: Api, value: str) -> None:
        answer = api.post(f"performers/{make_performer().pk}/images/", {"picture": value})

        assert answer.status_code == 400
        assert answer["Content-Type"] == "application/problem+json"
