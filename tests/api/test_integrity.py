"""Checks of content: asked for, filtered by, accepted."""

from typing import Any

from apps.jobs.models import Job
from apps.library.choices import Integrity
from tests.client import Api
from tests.factories import NOON, make_file, make_library


def rotten(**values: Any) -> Any:
    return make_file(
        integrity=Integrity.ROT, integrity_detail="Its bytes changed.", md5="0" * 32,
        verified_at=NOON, **values,
    )  # fmt: skip


def test_a_file_tells_what_its_last_check_came_to(api: Api) -> None:
    plain, bad = make_file(), rotten()

    told = api.get(f"files/{bad.pk}/").json()
    assert (told["integrity"], told["integrity_detail"]) == ("rot", "Its bytes changed.")
    assert told["verified_at"] == "2026-11-21T12:00:00Z"
    assert api.get(f"files/{plain.pk}/").json()["integrity"] == "unknown"


def test_files_can_be_filtered_by_it(api: Api) -> None:
    plain, bad = make_file(), rotten()
    good = make_file(integrity=Integrity.GOOD)

    def found(**asked: str) -> set[int]:
        return {row["id"] for row in api.results("files/", **asked)}

    assert found(integrity="rot") == {bad.pk}
    assert found(integrity="unknown") == {plain.pk}
    assert found(unsound="true") == {bad.pk}
    assert found(unsound="false") == {plain.pk, good.pk}
    assert api.get("files/", integrity="rotten").status_code == 400


def test_a_library_can_be_checked_whole_or_in_part(api: Api) -> None:
    library = make_library()
    mine, other = make_file(library=library), make_file()

    response = api.post(f"libraries/{library.pk}/verify/", {"whole": False})
    again = api.post(f"libraries/{library.pk}/verify/", {"whole": False})
    some = api.post(f"libraries/{library.pk}/verify/", {"file_ids": [mine.pk, other.pk]})

    assert (response.status_code, response.json()["kind"]) == (202, "library.verify")
    assert response.json()["params"] == {"library_id": library.pk, "whole": False}
    assert again.json()["id"] == response.json()["id"]
    params = {"library_id": library.pk, "whole": True, "file_ids": [mine.pk]}
    assert some.json()["params"] == params
    assert api.post(f"libraries/{library.pk}/verify/", {"deep": True}).status_code == 400


def test_a_file_can_be_checked(api: Api) -> None:
    file = make_file()

    response = api.post(f"files/{file.pk}/verify/", {"whole": True})

    assert response.status_code == 202
    assert Job.objects.get().params["file_ids"] == [file.pk]


def test_what_a_file_holds_now_can_be_accepted(api: Api) -> None:
    file = rotten()

    told = api.post(f"files/{file.pk}/accept-content/").json()

    assert (told["integrity"], told["fingerprints"]["md5"], told["verified_at"]) == (
        "unknown", None, None,
    )  # fmt: skip
    entries = api.results("audit/", object_type="library.file")
    assert entries[0]["changes"]["integrity"] == ["rot", ""]
