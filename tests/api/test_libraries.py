"""Libraries and what is asked of them."""

from datetime import timedelta
from pathlib import Path

import pytest

from apps.core.models import AuditEntry
from apps.jobs.choices import JobState
from apps.jobs.models import Job
from apps.library.choices import LibraryState, Question
from apps.library.models import Library, Scan
from apps.library.services.library_edits import remove_library
from tests.client import Api
from tests.factories import (
    NOON,
    make_artifact,
    make_file,
    make_folder,
    make_job,
    make_library,
    make_tag,
    make_video,
)

DAY = timedelta(days=1)


@pytest.fixture
def folder(tmp_path: Path) -> str:
    (tmp_path / "films").mkdir()
    return str(tmp_path / "films")


def test_library_is_registered(api: Api, folder: str) -> None:
    values = {
        "name": "Films", "root": f"{folder}/", "prefixes": ["/mnt/films/", "/Volumes/films"],
        "exclude": ["*.part"], "extensions": [".MP4", "mkv"], "probes_at_once": 2,
    }  # fmt: skip

    response = api.post("libraries/", values)

    library = response.json()
    assert response.status_code == 201
    assert library["root"] == folder
    assert library["prefixes"] == ["/Volumes/films", "/mnt/films"]
    assert library["extensions"] == ["mp4", "mkv"]
    assert (library["state"], library["scanned_at"], library["version"]) == ("unknown", None, 1)


def test_library_that_cannot_be_is_refused(api: Api, folder: str) -> None:
    refused = api.post("libraries/", {"name": "x", "root": "relative"}).json()
    assert set(refused["errors"]) == {"root"}
    assert refused["type"] == "urn:mediahub:problem:library_refused"
    assert api.post("libraries/", {"name": "x", "root": f"{folder}/none"}).status_code == 400
    assert (
        api.post("libraries/", {"name": "x", "root": folder, "state": "online"}).status_code == 400
    )

    assert api.post("libraries/", {"name": "x", "root": folder}).status_code == 201
    assert api.post("libraries/", {"name": "y", "root": folder}).status_code == 400
    assert Library.objects.count() == 1


def test_settings_of_a_library_change(api: Api, folder: str) -> None:
    library = make_library(root=folder)
    library.prefixes.create(prefix="/old")
    address = f"libraries/{library.pk}/"

    changed = api.patch(address, {"prefixes": ["/new"], "full_hash": True}).json()

    assert (changed["prefixes"], changed["full_hash"]) == (["/new"], True)
    assert changed["version"] > 1
    refused = api.patch(address, {"root": "nowhere", "name": "Kept?"})
    assert refused.status_code == 400
    assert api.get(address).json()["name"] == library.name
    stale = api.patch(address, {"name": "x"}, If_Unmodified_Since_Version="1")
    assert stale.status_code == 412


def test_name_of_another_library_is_a_conflict(api: Api, folder: str) -> None:
    make_library(name="Films")

    response = api.post("libraries/", {"name": "Films", "root": folder})

    assert response.status_code == 409
    assert response.json()["detail"] == "There is another library with this name already."


def test_prefix_of_another_library_is_a_conflict(api: Api, folder: str) -> None:
    make_library().prefixes.create(prefix="/mnt/x")

    body = {"name": "x", "root": folder, "prefixes": ["/mnt/x"]}

    assert api.post("libraries/", body).status_code == 409
    assert not Library.objects.filter(name="x").exists()


def test_scan_is_a_job(api: Api) -> None:
    library = make_library()

    response = api.post(f"libraries/{library.pk}/scan/", {})
    again = api.post(f"libraries/{library.pk}/scan/")
    some = api.post(f"libraries/{library.pk}/scan/", {"paths": ["new"], "rescan": True})

    job = response.json()
    assert (response.status_code, job["kind"], job["state"]) == (202, "library.scan", "queued")
    assert response["Location"].endswith(f"/api/v1/jobs/{job['id']}/")
    assert job["target"] == {"type": "library.library", "id": library.pk}
    assert job["requested_by"] == api.user.pk  # type: ignore[union-attr]
    assert again.json()["id"] == job["id"]
    assert some.json()["params"] == {
        "library_id": library.pk, "paths": ["new"], "rescan": True, "accept": [],
    }  # fmt: skip


def test_scan_answers_the_question_of_a_library(api: Api) -> None:
    library = make_library(question=Question.GONE)
    address = f"libraries/{library.pk}/"

    accepted = api.post(f"{address}scan/", {"accept": ["gone"]}).json()

    assert api.get(address).json()["question"] == "gone"
    assert api.get(f"{address}status/").json()["question"] == "gone"
    assert [one["id"] for one in api.results("libraries/", question="gone")] == [library.pk]
    assert accepted["params"]["accept"] == ["gone"]
    assert api.post(f"{address}scan/").json()["id"] != accepted["id"]
    assert api.post(f"{address}scan/", {"accept": [""]}).status_code == 400


@pytest.mark.parametrize("path", ["../other", "a/../../b", "a\0b"])
def test_scan_outside_the_root_is_refused(api: Api, path: str) -> None:
    response = api.post(f"libraries/{make_library().pk}/scan/", {"paths": [path]})

    assert response.status_code == 400
    assert not Job.objects.exists()


def test_status(api: Api) -> None:
    library = make_library(state=LibraryState.ONLINE, scanned_at=NOON)
    make_folder(library, b"clips", file_count=3, size_bytes=500)
    make_video(library=library)
    make_file(library=library, missing_since=NOON)
    make_file(library=library, probe_state="failed", probe_error="damaged")
    scan = Scan.objects.create(
        library=library, started_at=NOON, finished_at=NOON, walked=True, counts={"added": 3}
    )
    job = make_job(JobState.RUNNING, target_type="library.library", target_id=library.pk)

    status = api.get(f"libraries/{library.pk}/status/").json()

    one = {"count": 1, "count_is_estimate": False}
    assert (status["videos"], status["missing_files"], status["failed_files"]) == (one, one, one)
    assert (status["present_files"], status["present_bytes"]) == (3, 500)
    assert (status["last_scan"]["id"], status["last_scan"]["complete"]) == (scan.pk, True)
    assert status["last_scan"]["counts"] == {"added": 3}
    assert [one["id"] for one in status["jobs"]] == [job.pk]


def test_removal_is_a_job_that_waits_for_others(api: Api) -> None:
    library, idle = make_library(), make_library()
    make_job(JobState.RUNNING, target_type="library.library", target_id=library.pk)

    busy, removal = api.delete(f"libraries/{library.pk}/"), api.delete(f"libraries/{idle.pk}/")

    assert busy.json()["type"] == "urn:mediahub:problem:library_busy"
    assert busy.status_code == 409
    assert (removal.status_code, removal.json()["kind"]) == (202, "library.remove")


def test_removed_library_is_forgotten_with_all_in_it(api: Api) -> None:
    library, other = make_library(), make_video()
    for _ in range(3):
        make_artifact(make_video(library=library))
    make_file(library=library)

    assert remove_library(library) == {"videos": 3}

    assert list(Library.objects.all()) == [other.library]
    assert AuditEntry.objects.filter(object_type="library.library", action="deleted").exists()


class TestForgetting:
    def test_is_looked_at_first(self, api: Api) -> None:
        library = make_library(state=LibraryState.ONLINE)
        gone = make_video(library=library, missing_since=NOON - DAY, tags=[make_tag()], rating=7)
        make_video(library=library)
        address = f"libraries/{library.pk}/forget-missing/"

        told = api.post(address, {}).json()

        assert (told["files"], told["videos"], told["tagged"]) == (1, 1, 1)
        (line,) = told["results"]
        assert line["relative_path"] == gone.path
        assert (line["video"]["id"], line["video"]["rating"], line["video"]["tags"]) == (
            gone.pk, 7, 1,
        )  # fmt: skip
        assert told["next"] is None
        assert not Job.objects.exists()
        assert api.post(address, {"older_than_days": 3_650}).json()["files"] == 0
        assert api.post(address, {"path": "../x"}).status_code == 400

    def test_is_a_job_for_what_was_looked_at(self, api: Api) -> None:
        library = make_library(state=LibraryState.ONLINE)
        address = f"libraries/{library.pk}/forget-missing/"
        until = api.post(address, {"dry_run": True}).json()["until"]

        response = api.post(address, {"dry_run": False, "until": until, "path": "films"})

        job = response.json()
        assert (response.status_code, job["kind"]) == (202, "library.forget")
        assert job["params"]["until"].replace("+00:00", "Z") == until
        assert bytes.fromhex(job["params"]["path"]) == b"films"

    def test_is_refused_while_the_library_is_offline(self, api: Api) -> None:
        library = make_library(state=LibraryState.OFFLINE, state_detail="/x isn't there.")

        response = api.post(f"libraries/{library.pk}/forget-missing/", {})

        assert response.status_code == 409
        assert response.json()["type"] == "urn:mediahub:problem:cannot_forget"
