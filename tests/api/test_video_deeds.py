"""What is done with videos: forgotten, looked at again."""

from apps.library.models import File, Video
from tests.client import Api
from tests.factories import NOON, make_video


def test_only_a_video_without_present_files_is_forgotten(api: Api) -> None:
    here, gone = make_video(), make_video(missing_since=NOON)

    refused = api.delete(f"videos/{here.pk}/")

    assert (refused.status_code, refused.json()["type"]) == (
        409, "urn:mediahub:problem:video_present",
    )  # fmt: skip
    assert api.delete(f"videos/{gone.pk}/").status_code == 204
    assert [video.pk for video in Video.objects.all()] == [here.pk]
    assert File.objects.count() == 1


def test_rescan_is_a_job_for_its_files(api: Api) -> None:
    video = make_video()

    response = api.post(f"videos/{video.pk}/rescan/", {"duration": True, "size": False})

    job = response.json()
    assert response.status_code == 202
    assert response["Location"] == f"http://testserver/api/v1/jobs/{job['id']}/"
    assert (job["kind"], job["state"]) == ("library.probe", "queued")
    assert job["params"]["file_ids"] == [video.primary_file_id]
    assert job["params"]["refresh"] == ["duration"]
    nothing = {"duration": False, "size": False}
    assert api.post(f"videos/{video.pk}/rescan/", nothing).status_code == 400


def test_rescan_of_a_selection(api: Api) -> None:
    first, second = make_video(), make_video()
    make_video()

    response = api.post("videos/rescan/", {"ids": [first.pk, second.pk]})

    batch = response.json()
    assert (response.status_code, batch["is_batch"]) == (202, True)
    jobs = api.get(f"jobs/?parent={batch['id']}&ordering=id").json()["results"]
    assert [job["params"]["file_ids"] for job in jobs] == [
        [first.primary_file_id], [second.primary_file_id],
    ]  # fmt: skip
    assert {tuple(job["params"]["refresh"]) for job in jobs} == {()}
