"""The pages of a video's markers and of splitting."""

import pytest
from django.contrib.messages import get_messages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from apps.accounts.choices import Role
from apps.jobs.models import Job
from apps.library.models import Video
from tests.factories import make_marker, make_user, make_video

pytestmark = pytest.mark.django_db


@pytest.fixture
def client() -> Client:
    client = Client()
    client.force_login(make_user(superuser=True))
    return client


def told(response: object) -> str:
    return " ".join(map(str, get_messages(response.wsgi_request)))  # type: ignore[attr-defined]


def test_the_page_of_a_video_leads_there(client: Client) -> None:
    video = make_video()
    page = client.get(reverse("admin:library_video_change", args=[video.pk])).content.decode()

    assert reverse("admin:markers_files", args=[video.pk]) in page
    assert reverse("admin:markers_split", args=[video.pk]) in page


def test_import_and_export(client: Client) -> None:
    video = make_video()
    url = reverse("admin:markers_files", args=[video.pk])
    file = SimpleUploadedFile("x.edl", b"1 2 2\n5 9 0\n")

    response = client.post(url, {"file": file, "mode": "add"})

    assert "2 markers added" in told(response)
    assert video.markers.count() == 2
    page = client.get(url).content.decode()
    for name in ("markers.vtt", "markers.json", "markers.edl", "chapters.ffmetadata"):
        assert f"/api/v1/videos/{video.pk}/{name}" in page
    wrong = SimpleUploadedFile("x.vtt", b"WEBVTT\n\nwrong\n")
    assert "Line 4" in told(client.post(url, {"file": wrong, "mode": "add"}))


def test_viewers_only_export() -> None:
    video, client = make_video(), Client()
    client.force_login(make_user(Role.VIEWER))
    url = reverse("admin:markers_files", args=[video.pk])

    assert "Import" not in client.get(url).content.decode()
    file = SimpleUploadedFile("x.edl", b"1 2 2\n")
    assert client.post(url, {"file": file, "mode": "add"}).status_code == 403
    assert client.post(url, {"chapters": "1"}).status_code == 403


def test_the_plan_comes_before_the_cut(client: Client, on_disk: Video) -> None:
    make_marker(on_disk, start_ms=6_500)
    url = reverse("admin:markers_split", args=[on_disk.pk])

    assert client.get(url).status_code == 200
    assert "is no time" in client.get(url, {"at": "soon"}).content.decode()
    assert "No place to cut" in client.get(url, {"at": "99"}).content.decode()
    page = client.get(url, {"at": "0:03", "markers": "on"}).content.decode()
    assert "3 pieces" in page
    assert "asked: 0:00:03.000" in page
    assert not Job.objects.filter(kind="markers.split").exists()

    response = client.post(url, {"at": "0:03", "markers": "on"})
    assert "being cut" in told(response)
    assert Job.objects.get(kind="markers.split").params["at_ms"] == [3_000, 6_500]
