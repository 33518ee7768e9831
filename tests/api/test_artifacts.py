"""Artifacts: listed, served, counted, asked for."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from apps.artifacts.choices import ArtifactState
from apps.artifacts.models import Artifact
from apps.jobs.models import Job
from tests.client import Api
from tests.factories import NOON, make_artifact, make_library, make_video


@pytest.fixture
def cover(db: None, tmp_path: Path, settings: Any) -> Iterator[Artifact]:
    """A cover whose card is there and whose full size has gone."""
    artifact = make_artifact()
    path = artifact.files["card"]["path"]
    default_storage.delete(path)
    default_storage.save(path, ContentFile(b"RIFF picture"))
    yield artifact
    default_storage.delete(path)


def test_artifact_tells_what_it_is(api: Api) -> None:
    artifact = make_artifact(ms=1_500)

    shown = api.get(f"artifacts/{artifact.pk}/").json()

    assert (shown["video"], shown["kind"], shown["state"]) == (artifact.video_id, "cover", "made")
    assert (shown["size"], shown["took"], shown["error"]) == (12_345, 1.5, None)
    assert set(shown["files"]) == {"card", "full"}
    assert set(shown["files"]["card"]) == {"url", "width", "height", "bytes"}


def test_failed_artifact_tells_why(api: Api) -> None:
    make_artifact()
    failed = make_artifact(
        state=ArtifactState.FAILED, files={}, size_bytes=0, error="no_picture", message="Audio."
    )

    found = api.results("artifacts/", state="failed", error="no_picture")

    assert [row["id"] for row in found] == [failed.pk]
    assert found[0]["error"] == {"reason": "no_picture", "message": "Audio."}
    assert api.results("artifacts/", library=failed.video.library_id, kind="cover") == found


def test_file_is_served_to_be_kept_for_good(api: Api, cover: Artifact) -> None:
    url = api.get(f"videos/{cover.video_id}/").json()["artifacts"]["cover"]["card"]

    response = api.get(url)

    assert (response.status_code, response.content) == (200, b"RIFF picture")
    assert response["Content-Type"] == "image/webp"
    assert response["Cache-Control"] == "private, max-age=31536000, immutable"
    assert response["X-Content-Type-Options"] == "nosniff"


def test_file_that_the_client_has_is_not_sent_again(api: Api, cover: Artifact) -> None:
    address = f"artifacts/{cover.pk}/file/?size=card"
    etag = api.get(address)["ETag"]

    api.headers = {"If-None-Match": etag}
    same = api.get(address)
    api.headers = {"If-None-Match": '"other"'}
    other = api.get(address)

    assert (same.status_code, same.content) == (304, b"")
    assert same["ETag"] == etag
    assert other.status_code == 200


def test_file_that_is_not_there(api: Api, cover: Artifact) -> None:
    failed = make_artifact(state=ArtifactState.FAILED, files={}, size_bytes=0)

    assert api.get(f"artifacts/{cover.pk}/file/", size="full").status_code == 404
    assert api.get(f"artifacts/{failed.pk}/file/").status_code == 404
    assert api.get(f"artifacts/{cover.pk}/file/", size="../../x").status_code == 400


def test_coverage(api: Api) -> None:
    first, second = make_library(), make_library()
    make_artifact(make_video(library=first))
    make_artifact(make_video(library=first), state="failed", files={}, size_bytes=0)
    make_video(library=first)
    make_video(library=first, missing_since=NOON)
    make_video(library=second)

    rows = api.get("artifacts/coverage/").json()

    assert rows == [
        {"library": first.pk, "kind": "cover", "videos": 3, "made": 1, "failed": 1, "lacking": 1,
         "size": 12_345},
        {"library": second.pk, "kind": "cover", "videos": 1, "made": 0, "failed": 0, "lacking": 1,
         "size": 0},
    ]  # fmt: skip


def test_generate_is_a_job(api: Api) -> None:
    library = make_library()

    everywhere = api.post("artifacts/generate/", {"kinds": ["cover"]})
    here = api.post("artifacts/generate/", {"kinds": ["cover"], "library": library.pk})

    assert everywhere.status_code == here.status_code == 202
    assert here.json()["params"] == {"library_id": library.pk}
    assert Job.objects.count() == 2


@pytest.mark.parametrize(
    "body", [{}, {"kinds": []}, {"kinds": ["hologram"]}, {"kinds": ["cover"], "library": 999_999},
             {"kinds": ["cover"], "q": "x"}],
)  # fmt: skip
def test_generate_that_cannot_be_is_refused(api: Api, body: dict[str, Any]) -> None:
    assert api.post("artifacts/generate/", body).status_code == 400
