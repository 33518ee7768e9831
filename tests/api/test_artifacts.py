"""Artifacts: listed, served, counted, asked for."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from apps.artifacts.choices import ArtifactKind, ArtifactState
from apps.artifacts.models import Artifact, Fingerprint, Leftover
from apps.jobs.models import Job
from tests.client import Api
from tests.factories import NOON, make_artifact, make_file, make_library, make_video


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


def test_pictures_have_their_type_where_the_system_has_no_list() -> None:
    code = (
        "import mimetypes; mimetypes.init([]); import apps.core.api.media;"
        "print(*(mimetypes.guess_type('x.' + n)[0] for n in ('webp', 'avif', 'mp4', 'vtt')))"
    )
    told = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)

    assert told.stdout.split() == ["image/webp", "image/avif", "video/mp4", "text/vtt"]


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


def test_part_of_a_file(api: Api, cover: Artifact) -> None:
    address = f"artifacts/{cover.pk}/file/?size=card"
    etag = api.get(address)["ETag"]

    def asked(**headers: str) -> tuple[int, bytes, str]:
        api.headers = headers
        response = api.get(address)
        return response.status_code, response.content, response.get("Content-Range", "")

    assert asked(Range="bytes=5-8") == (206, b"pict", "bytes 5-8/12")
    assert asked(**{"Range": "bytes=5-8", "If-Range": etag}) == (206, b"pict", "bytes 5-8/12")
    assert asked(**{"Range": "bytes=5-8", "If-Range": '"old"'}) == (200, b"RIFF picture", "")
    assert asked(Range="bytes=90-")[0] == 416


def test_file_that_is_not_there(api: Api, cover: Artifact) -> None:
    failed = make_artifact(state=ArtifactState.FAILED, files={}, size_bytes=0)

    assert api.get(f"artifacts/{cover.pk}/file/", size="full").status_code == 404
    assert api.get(f"artifacts/{failed.pk}/file/").status_code == 404
    assert api.get(f"artifacts/{cover.pk}/file/", size="../../x").status_code == 400


def test_cues_of_a_sprite_name_parts_of_its_sheet(api: Api) -> None:
    sprite = make_artifact(
        kind="sprite", files={"sheet": {"path": "x.webp", "bytes": 1}},
        data={
            "columns": 2, "rows": 2, "tile_width": 160, "tile_height": 90, "duration_ms": 9_000,
            "times_ms": [0, 4_000, 6_500], "starts_ms": [0, 3_700_500, 3_701_000],
        },
    )  # fmt: skip
    sprite.data["duration_ms"] = 3_702_000
    sprite.save()
    url = api.get(f"videos/{sprite.video_id}/").json()["artifacts"]["sprite"]["vtt"]

    response = api.get(url)

    sheet = f"?size=sheet&v={NOON:%Y%m%d%H%M%S%f}#xywh"
    assert response["Content-Type"] == "text/vtt"
    assert response.content.decode().split("\n\n") == [
        "WEBVTT",
        f"00:00:00.000 --> 01:01:40.500\n{sheet}=0,0,160,90",
        f"01:01:40.500 --> 01:01:41.000\n{sheet}=160,0,160,90",
        f"01:01:41.000 --> 01:01:42.000\n{sheet}=0,90,160,90\n",
    ]


def test_phash_is_shown_with_whichever_video_has_the_content(api: Api) -> None:
    video = make_video(file=make_file(content="ab" * 16))
    Fingerprint.objects.create(content="ab" * 16, phash=-2, grade="standard")

    assert api.get(f"videos/{video.pk}/").json()["fingerprints"]["phash"] == "fffffffffffffffe"


def test_coverage(api: Api) -> None:
    first, second = make_library(), make_library()
    make_artifact(make_video(library=first))
    make_artifact(make_video(library=first), state="failed", files={}, size_bytes=0)
    make_artifact(make_video(library=first), parameters="another")
    make_artifact(make_video(library=first), source="other content")
    make_artifact(make_video(library=first), state="none", files={}, size_bytes=0)
    make_video(library=first)
    make_video(library=first, missing_since=NOON)
    make_video(library=second)
    Leftover.objects.create(path="cover/1", video_id=1, kind="cover", library=first, size_bytes=7)
    Leftover.objects.create(path="cover/2", video_id=1, kind="cover")

    rows = api.get("artifacts/coverage/").json()

    nought = dict.fromkeys(
        ("videos", "made", "nothing", "failed", "stale", "missing", "orphaned", "orphaned_size",
         "size"), 0,
    )  # fmt: skip
    assert [row for row in rows if row["kind"] == "cover"] == [
        {"library": first.pk, "kind": "cover", "videos": 6, "made": 1, "nothing": 1, "failed": 1,
         "stale": 2, "missing": 1, "orphaned": 1, "orphaned_size": 7, "size": 3 * 12_345},
        {**nought, "library": second.pk, "kind": "cover", "videos": 1, "missing": 1},
        {**nought, "library": None, "kind": "cover", "orphaned": 1},
    ]  # fmt: skip
    assert {row["kind"] for row in rows} == set(ArtifactKind.values)


def test_generate_is_a_job(api: Api) -> None:
    library = make_library()

    everywhere = api.post("artifacts/generate/", {"kinds": ["cover"]})
    here = api.post("artifacts/generate/", {"kinds": ["phash", "cover"], "library": library.pk})
    once_more = api.post("artifacts/generate/", {"kinds": ["cover"]})

    assert everywhere.status_code == here.status_code == 202
    assert here.json()["params"] == {"library_id": library.pk, "kinds": ["cover", "phash"]}
    assert once_more.json()["id"] == everywhere.json()["id"]
    assert Job.objects.count() == 2


def test_generate_again_what_failed_for_a_reason(api: Api) -> None:
    failed = make_artifact(state="failed", files={}, size_bytes=0, error="undecodable")
    other = make_artifact(state="failed", files={}, size_bytes=0, error="timed_out")

    asked = api.post("artifacts/generate/", {"kinds": ["cover"], "failed": "undecodable"})
    none_left = api.post("artifacts/generate/", {"kinds": ["cover"], "failed": "crashed"})

    assert (asked.status_code, none_left.status_code) == (202, 400)
    failed.refresh_from_db()
    other.refresh_from_db()
    assert (failed.parameters, bool(other.parameters)) == ("", True)


def test_clean_is_a_job(api: Api) -> None:
    assert api.post("artifacts/clean/", {"search": True}).json()["params"] == {"search": True}


def test_cover_of_a_chosen_time(api: Api) -> None:
    cover = make_artifact()

    job = api.post(f"videos/{cover.video_id}/cover/", {"at": 12.3456})

    assert (job.status_code, job.json()["priority"]) == (202, 100)
    cover.refresh_from_db()
    assert (cover.video.cover_at_ms, cover.parameters) == (12_346, "")
    assert api.post(f"videos/{cover.video_id}/cover/", {"at": -1}).status_code == 400
    assert api.post("videos/999999/cover/", {"at": 1}).status_code == 404


@pytest.mark.parametrize(
    "body", [{}, {"kinds": []}, {"kinds": ["hologram"]}, {"kinds": ["cover"], "library": 999_999},
             {"kinds": ["cover"], "q": "(x"}],
)  # fmt: skip
def test_generate_that_cannot_be_is_refused(api: Api, body: dict[str, Any]) -> None:
    assert api.post("artifacts/generate/", body).status_code == 400
