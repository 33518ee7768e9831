"""Files: found by path, exported, probed again."""

import asyncio
import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.test import AsyncClient

from apps.library.choices import ProbeState
from tests.client import Api
from tests.factories import make_file, make_library, make_token, make_user, make_video


def test_file_tells_its_facts(api: Api) -> None:
    video = make_video(duration_ms=1_500)
    file = video.primary_file
    assert file

    shown = api.get(f"files/{file.pk}/").json()

    assert shown["path"] == f"{file.library.root}/{file.path}"
    assert (shown["relative_path"], shown["video"]) == (file.path, video.pk)
    assert (shown["duration"], shown["error"]) == (1.5, None)
    assert shown["fingerprints"]["oshash"] == file.oshash


def test_files_are_found_by_what_is_wrong(api: Api) -> None:
    make_file()
    bad = make_file(
        probe_state=ProbeState.FAILED, probe_error="damaged", probe_message="No moov atom."
    )

    found = api.results("files/", probe_state="failed", error="damaged,empty")

    assert [file["id"] for file in found] == [bad.pk]
    assert found[0]["error"] == {"reason": "damaged", "message": "No moov atom."}


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        (b"a/plain.mp4", "/srv/films/a/plain.mp4"),
        (b"a/plain.mp4", "/mnt/nas/a/plain.mp4"),
        (b"a/plain.mp4", "/mnt/nas//a/./plain.mp4"),
        ("b/käse.mp4".encode(), "/srv/films/b/käse.mp4"),
        (b"top.mp4", "/srv/films/top.mp4"),
        (b"caf\xe9.mp4", "/srv/films/caf\\xe9.mp4"),
        (b"literal\\xe9.mp4", "/srv/films/literal\\xe9.mp4"),
        (b"new\nline&=+ %.mp4", "/srv/films/new\nline&=+ %.mp4"),
    ],
)
def test_lookup(api: Api, name: bytes, asked: str) -> None:
    library = make_library(root="/srv/films")
    library.prefixes.create(prefix="/mnt/nas")
    file = make_file(name, library=library)
    make_library(root="/srv")

    assert api.get("files/lookup/", path=asked).json()["id"] == file.pk


def test_lookup_by_raw_bytes(api: Api) -> None:
    file = make_file(b"caf\xe9.mp4", library=make_library(root="/srv/films"))

    assert api.get("files/lookup/?path=/srv/films/caf%E9.mp4").json()["id"] == file.pk


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/srv/films/none.mp4", 404), ("/elsewhere/a.mp4", 404), ("/srv/filmsx", 404),
        ("/srv/films", 404), ("/\0", 404), ("/srv/films/\\xzz", 404), ("/srv/films/../a.mp4", 404),
        ("relative", 400), ("", 400),
    ],
)  # fmt: skip
def test_lookup_of_what_is_not_known(api: Api, path: str, status: int) -> None:
    make_file(b"a.mp4", library=make_library(root="/srv/films"))

    assert api.get("files/lookup/", path=path).status_code == status


def test_lookup_takes_a_path(api: Api) -> None:
    assert api.get("files/lookup/").status_code == 400
    assert api.get("files/lookup/", file="x").status_code == 400


def test_why_a_file_is_not_in_the_catalogue(api: Api, tmp_path: Path) -> None:
    library = make_library(root=str(tmp_path), extensions=["mp4"])
    library.prefixes.create(prefix="/mnt/nas")
    (tmp_path / "a.txt").touch()

    told = api.get("files/why/", path="/mnt/nas/a.txt").json()

    assert (told["code"], told["library"], told["file"]) == ("other_extension", library.pk, None)
    assert told["path"] == f"{tmp_path}/a.txt"
    assert api.get("files/why/", path="/elsewhere/a.mp4").json()["code"] == "no_library"
    assert api.get("files/why/", path="a.mp4").status_code == 400
    assert api.get("files/why/?path=/mnt/nas/%00").status_code == 400
    assert api.get(f"files/why/?path={tmp_path}/caf%E9.mp4").json()["code"] == "not_there"


def test_reprobe_is_a_job(api: Api) -> None:
    file = make_file()

    response = api.post(f"files/{file.pk}/reprobe/")

    assert response.status_code == 202
    params = {"library_id": file.library_id, "file_ids": [file.pk], "refresh": []}
    assert response.json()["params"] == params
    assert api.post(f"files/{file.pk}/reprobe/", {"md5": False}).status_code == 400


def test_reprobe_of_a_selection_is_a_batch_with_a_job_for_each_library(api: Api) -> None:
    one, other = make_library(), make_library()
    files = [make_file(library=one), make_file(library=other), make_file(library=one)]
    ids = [file.pk for file in files]

    response = api.post("files/reprobe/", {"ids": ids, "size": True, "md5": True})

    batch = response.json()
    parts = api.get(f"jobs/?parent={batch['id']}").json()["results"]
    jobs = {job["params"]["library_id"]: job["params"] for job in parts}
    assert response.status_code == 202
    assert {(job["target"]["id"], job["lane"]) for job in parts} == {
        (one.pk, "mount:/"),
        (other.pk, "mount:/"),
    }
    assert jobs[one.pk]["file_ids"] == [ids[0], ids[2]]
    assert jobs[other.pk]["refresh"] == ["md5", "size"]
    unknown = api.post("files/reprobe/", {"ids": [ids[0], 999]}).json()
    assert unknown["errors"] == {"ids": ["There is nothing with the id 999."]}
    assert api.post("files/reprobe/", {"ids": []}).status_code == 400


def test_export_as_json_lines(api: Api) -> None:
    files = [make_file(name) for name in (b"a.mp4", b"caf\xe9\n.mp4")]

    response = api.get("files/export.ndjson")
    lines = b"".join(response.streaming_content).decode().splitlines()

    assert response["Content-Type"] == "application/x-ndjson"
    assert [json.loads(line)["id"] for line in lines] == [file.pk for file in files]
    assert json.loads(lines[0]) == api.get(f"files/{files[0].pk}/").json()


def test_export_as_table(api: Api) -> None:
    library = make_library(root="/srv")
    file = make_file(b"=cmd|\",'\n.mp4", library=library, video_codec="-x")

    response = api.get("files/export.csv")
    rows = list(csv.DictReader(io.StringIO(b"".join(response.streaming_content).decode())))

    assert 'filename="files.csv"' in response["Content-Disposition"]
    assert [row["id"] for row in rows] == [str(file.pk)]
    assert rows[0]["relative_path"] == "'=cmd|\",'\n.mp4"  # a formula no longer
    assert rows[0]["video_codec"] == "'-x"
    assert (rows[0]["duration"], rows[0]["oshash"]) == ("60.0", file.oshash)


def test_export_takes_the_filters_of_the_list(api: Api) -> None:
    make_file()
    wanted = make_file(video_codec="av1")

    response = api.get("files/export.ndjson", codec="av1")

    assert json.loads(b"".join(response.streaming_content))["id"] == wanted.pk
    assert api.get("files/export.ndjson", page=1).status_code == 400


@pytest.mark.django_db(transaction=True)
def test_export_streams_under_an_event_loop() -> None:
    user = make_user(superuser=True)
    ids = [make_file().pk for _ in range(3)]
    secret = make_token(user)[1]

    async def export() -> tuple[bool, bytes]:
        response: Any = await AsyncClient().get(
            "/api/v1/files/export.ndjson", headers={"Authorization": f"Bearer {secret}"}
        )
        return response.is_async, b"".join([chunk async for chunk in response.streaming_content])

    is_async, body = asyncio.run(export())

    assert is_async
    assert [json.loads(line)["id"] for line in body.splitlines()] == ids
