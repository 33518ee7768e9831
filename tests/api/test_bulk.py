"""Editing many videos by the API."""

from typing import Any
from unittest.mock import patch

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.accounts.choices import Role
from apps.core.models import AuditEntry
from apps.editing.services import bulk
from apps.editing.services.bulk import titles
from apps.jobs.models import Job
from apps.jobs.worker import run_next
from apps.library.models import Video
from apps.library.services.videos import edit_video
from tests.client import Api
from tests.factories import (
    make_custom_field,
    make_studio,
    make_tag,
    make_user,
    make_video,
)


def change(api: Api, changes: dict[str, Any], **which: Any) -> dict[str, Any]:
    response = api.post("videos/bulk/", {"changes": changes, **which})
    assert response.status_code == 200, response.content
    answer: dict[str, Any] = response.json()
    return answer


def problem(api: Api, status: int, body: dict[str, Any]) -> dict[str, Any]:
    response = api.post("videos/bulk/", body)
    assert response.status_code == status, response.content
    answer: dict[str, Any] = response.json()
    return answer


def test_dry_run_tells_and_changes_nothing(api: Api) -> None:
    old, new, studio = make_tag("old"), make_tag("new"), make_studio("Acme")
    video = make_video("One", tags=[old])
    make_video("Two", tags=[new], studio=studio)
    changes = {"tags": {"set": [new.pk]}, "studio": studio.pk}

    told = change(api, changes, q="", dry_run=True)

    assert (told["matched"], told["changed"], told["unchanged"], told["entry"]) == (2, 1, 1, None)
    label = {"id": new.pk, "name": "new"}
    assert told["samples"] == [
        {
            "id": video.pk, "title": "One",
            "changes": {
                "tags": [[{"id": old.pk, "name": "old"}], [label]],
                "studio": [None, {"id": studio.pk, "name": "Acme"}],
            },
        }
    ]  # fmt: skip
    assert Video.objects.filter(version=1).count() == 2
    assert not AuditEntry.objects.filter(row_count__gt=0).exists()


def test_changes_what_a_query_finds(api: Api) -> None:
    one, two, other = make_video("Sea one"), make_video("Sea two"), make_video("Hill")

    done = change(api, {"rating": 80}, q="sea", but=[two.pk], count=1)

    assert (done["matched"], done["changed"]) == (1, 1)
    assert dict(Video.objects.values_list("pk", "rating")) == {
        one.pk: 80,
        two.pk: None,
        other.pk: None,
    }
    entry = AuditEntry.objects.get(pk=done["entry"])
    assert (entry.row_count, entry.object_id, entry.object_name) == (1, 0, "1 video")
    assert entry.changes == {"rating": [None, 80]}
    assert api.user
    assert (entry.user_id, entry.rows.get().object_id) == (api.user.pk, one.pk)


def test_another_number_of_videos_is_a_conflict(api: Api) -> None:
    make_video()
    body = {"q": "", "count": 2, "changes": {"favorite": True}}

    assert problem(api, 409, body)["type"].endswith("selection_changed")
    assert problem(api, 409, {**body, "dry_run": True})["errors"].keys() == {"count"}
    assert not Video.objects.filter(favorite=True).exists()


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"changes": {"favorite": True}}, "ids"),
        ({"ids": [1], "q": "", "changes": {"favorite": True}}, "ids"),
        ({"ids": [1], "but": [2], "changes": {"favorite": True}}, "but"),
        ({"ids": [999_999_999], "changes": {"favorite": True}}, "ids"),
        ({"ids": ["x"], "changes": {"favorite": True}}, "ids"),
        ({"q": "nofield:3", "changes": {"favorite": True}}, "q"),
        ({"q": "(", "changes": {"favorite": True}}, "q"),
        ({"q": "", "changes": {}}, "changes"),
        ({"q": ""}, "changes"),
        ({"q": "", "changes": {"size": 3}}, "changes"),
        ({"q": "", "changes": {"rating": 101}}, "changes"),
        ({"q": "", "changes": {"rating": True}}, "changes"),
        ({"q": "", "changes": {"tags": {}}}, "tags"),
        ({"q": "", "changes": {"tags": {"add": [1], "set": [1]}}}, "tags"),
        ({"q": "", "changes": {"tags": {"add": [1], "remove": [1]}}}, "tags"),
        ({"q": "", "changes": {"tags": {"add": [999_999_999]}}}, "tags"),
        ({"q": "", "changes": {"studio": 999_999_999}}, "studio"),
        ({"q": "", "changes": {"custom": {"nothing": 1}}}, "custom"),
        ({"q": "", "changes": {"title": {"find": ""}}}, "changes"),
        ({"q": "", "changes": {"title": {"find": "a\0"}}}, "changes"),
        ({"q": "", "changes": {"title": {"find": "(", "regex": True}}}, "title"),
        ({"q": "", "changes": {"title": {"find": ".*", "replace": "", "regex": True}}}, "title"),
        (
            {"q": "", "changes": {"title": {"find": ".", "replace": "x" * 500, "regex": True}}},
            "title",
        ),
        ({"q": "", "changes": {"favorite": True}, "surplus": 1}, "surplus"),
    ],
)
def test_nonsense_is_refused_and_changes_nothing(
    api: Api, body: dict[str, Any], field: str
) -> None:
    make_video("Title")

    assert field in problem(api, 400, body)["errors"]
    assert Video.objects.get().version == 1


def test_custom_fields_take_their_kind_only(api: Api) -> None:
    make_custom_field("seats", kind="number")
    make_video(custom={"seats": 3})

    assert problem(api, 400, {"q": "", "changes": {"custom": {"seats": "many"}}})
    change(api, {"custom": {"seats": 4}}, q="")
    assert Video.objects.get().custom == {"seats": 4}
    change(api, {"custom": {"seats": None}}, q="")
    assert Video.objects.get().custom == {}


@pytest.mark.parametrize(
    ("replacement", "title"),
    [
        ({"find": "a.b", "replace": "x"}, "Xx A.Bc a.b".replace("A.B", "x").replace("a.b", "x")),
        ({"find": "a.b", "replace": r"\1", "case": True}, r"Xx A.Bc \1"),
        ({"find": "A.B", "replace": r"\1"}, r"Xx \1c \1"),
        ({"find": r"(\w)x", "replace": r"\1", "regex": True}, "X A.Bc a.b"),
        ({"find": r"^x", "replace": " ", "regex": True}, "x A.Bc a.b"),
        ({"find": "***=", "replace": "y"}, "Xx A.Bc a.b"),
    ],
)
def test_titles(api: Api, replacement: dict[str, Any], title: str) -> None:
    make_video("Xx A.Bc a.b")

    change(api, {"title": replacement}, q="")

    assert Video.objects.get().title == title


def test_a_hostile_pattern_is_stopped(api: Api) -> None:
    make_video("a" * 200 + "-" + "b" * 200)
    hostile = {"find": r"^(.+)(.+)(.+)(.+)-\4\3\2\1$", "regex": True}

    with patch.object(titles, "_TIME_LIMIT_MS", 200):
        answer = problem(api, 400, {"q": "", "changes": {"title": hostile}, "dry_run": True})

    assert answer["type"].endswith("pattern_refused")
    assert "longer" in answer["detail"]


def test_many_are_a_job_that_says_the_same(api: Api) -> None:
    tag = make_tag()
    for _ in range(3):
        make_video()
    with patch("apps.editing.api.views.MOST_AT_ONCE", 2):
        asked = {"tags": {"add": [tag.pk]}, "date": "2020-02-29", "favorite": "true"}
        started = api.post("videos/bulk/", {"q": "", "count": 3, "changes": asked})
        assert started.status_code == 202
        assert problem(api, 400, {"q": "", "changes": {"tags": {"add": [999_999_999]}}})
    assert started.json()["kind"] == "editing.bulk"

    run_next("disk")

    job = Job.objects.get()
    entry = AuditEntry.objects.get(row_count=3)
    assert job.summary == {"matched": 3, "changed": 3, "unchanged": 0, "entry": entry.pk}
    assert (entry.job_id, entry.user_id) == (job.pk, api.user and api.user.pk)
    assert Video.objects.filter(tags=tag, version=2, date="2020-02-29", favorite=True).count() == 3


def test_undo(api: Api) -> None:
    tag = make_tag()
    one, two = make_video(rating=1), make_video()
    done = change(api, {"tags": {"add": [tag.pk]}, "rating": 5}, q="")
    edit_video(two, {"rating": 7, "title": "other"})

    refused = api.post(f"audit/{done['entry']}/undo/")

    assert refused.status_code == 409
    said = refused.json()
    assert (said["conflicts"], said["errors"].keys()) == (1, {"rating"})
    assert said["samples"] == [
        {
            "id": two.pk, "name": "other", "contested": ["rating"],
            "changes": {"tags": [[tag.pk], []]},
        }
    ]  # fmt: skip
    kept = api.post(f"audit/{done['entry']}/undo/", {"keep": True})
    assert kept.status_code == 200, kept.content
    assert kept.json()["entry"]["row_count"] == 2
    assert dict(Video.objects.values_list("pk", "rating")) == {one.pk: 1, two.pk: 7}
    assert not Video.objects.filter(tags=tag).exists()
    forced = api.post(f"audit/{done['entry']}/undo/", {"force": True})
    assert forced.json()["entry"]["changes"]["rating"] == [5, None]
    assert dict(Video.objects.values_list("pk", "rating")) == {one.pk: 1, two.pk: None}
    assert api.post(f"audit/{done['entry']}/undo/", {"force": True}).status_code == 409
    assert (
        api.post(f"audit/{done['entry']}/undo/", {"force": True, "keep": True}).status_code == 400
    )


def test_undo_of_many_is_a_job(api: Api) -> None:
    make_video()
    done = change(api, {"favorite": True}, q="")
    many = bulk.MOST_AT_ONCE + 1
    AuditEntry.objects.filter(pk=done["entry"]).update(row_count=many)

    asked = api.post(f"audit/{done['entry']}/undo/")

    assert (asked.status_code, asked.json()["kind"]) == (202, "editing.undo")
    assert api.post(f"audit/{done['entry']}/undo/").json()["id"] == asked.json()["id"]
    run_next("disk")
    assert not Video.objects.get().favorite
    assert Job.objects.get().summary["changed"] == 1
    assert api.post(f"audit/{done['entry']}/undo/").status_code == 409


def test_history_of_one_video_holds_its_own_changes(api: Api) -> None:
    one, two, tag = make_video(), make_video(), make_tag()
    change(api, {"tags": {"add": [tag.pk]}, "favorite": True}, ids=[one.pk, two.pk])
    edit_video(two, {"rating": 3})

    about_one = api.results("audit/", object_type="library.video", object_id=one.pk)
    about_two = api.results("audit/", object_id=two.pk)

    assert [e["changes"] for e in about_one] == [
        {"tags": [[], [tag.pk]], "favorite": [False, True]}
    ]
    assert [len(e["changes"]) for e in about_two] == [1, 2]
    [by_tag] = api.results("audit/", field="tags", value=tag.pk)
    assert (by_tag["row_count"], by_tag["object_id"], by_tag["undoable"]) == (2, 0, True)


def test_takes_as_many_queries_for_many_videos(api: Api) -> None:
    tag = make_tag()
    few, many = [make_video().pk for _ in range(5)], [make_video().pk for _ in range(60)]
    changes = {"tags": {"add": [tag.pk]}, "rating": 3, "title": {"find": "v", "replace": "w"}}

    def count(call: Any) -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            call()
        return len(queries)

    first = count(lambda: change(api, changes, ids=few))
    assert count(lambda: change(api, changes, ids=many)) == first
    small, large = AuditEntry.objects.filter(row_count__gt=0).order_by("pk")
    undone = count(lambda: api.post(f"audit/{small.pk}/undo/"))
    assert count(lambda: api.post(f"audit/{large.pk}/undo/")) == undone


@pytest.mark.django_db
def test_viewers_may_not() -> None:
    body = {"ids": [make_video().pk], "changes": {"favorite": True}}

    assert Api(make_user(Role.VIEWER)).post("videos/bulk/", body).status_code == 403
    assert Api(make_user(Role.EDITOR)).post("videos/bulk/", body).status_code == 200
