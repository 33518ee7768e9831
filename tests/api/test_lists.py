"""What every list has in common: envelope, pages, order, filters, and a constant cost."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.library.models import Tag, Video
from tests.client import Api
from tests.factories import (
    NOON,
    make_artifact,
    make_custom_field,
    make_file,
    make_job,
    make_library,
    make_marker,
    make_performer,
    make_studio,
    make_tag,
    make_token,
    make_user,
    make_video,
)
from tests.machines.factories import make_machine
from tests.mediaservers.factories import make_notice, make_server


def _rich_video() -> None:
    video = make_video(
        tags=[make_tag(), make_tag()], performers=[make_performer()], studio=make_studio()
    )
    make_artifact(video)
    make_file(video=video)


def _audit_entry(api: Api) -> None:
    api.post("tags/", {"name": f"tag {Tag.objects.count()}"})


MAKERS: dict[str, Callable[[Api], object]] = {
    "libraries/": lambda _api: make_library().prefixes.create(prefix=f"/mnt/{make_tag().pk}"),
    "files/": lambda _api: make_file(),
    "videos/": lambda _api: _rich_video(),
    "tags/": lambda _api: make_tag(parents=[make_tag()]),
    "performers/": lambda _api: make_performer().images.create(image="x.webp"),
    "studios/": lambda _api: make_studio(parent=make_studio()),
    "markers/": lambda _api: make_marker(tag=make_tag()),
    "custom-fields/": lambda _api: make_custom_field(),
    "scans/": lambda _api: make_library().scans.create(started_at=NOON),
    "scan-findings/": lambda _api: make_library().scans.create(started_at=NOON).findings.create(),
    "artifacts/": lambda _api: make_artifact(),
    "media-servers/": lambda _api: make_server(libraries=[make_library()]),
    "media-servers/notices/": lambda _api: make_notice(library=make_library()),
    "machines/": lambda _api: make_machine(),
    "jobs/": lambda _api: make_job(requested_by=make_user()),
    "audit/": _audit_entry,
    "tokens/": lambda api: make_token(api.user) if api.user else None,
    "artifacts/coverage/": lambda _api: make_artifact(),
    "files/export.ndjson": lambda _api: make_file(),
    "files/export.csv": lambda _api: make_file(),
}


def _cost(api: Api, path: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as queries:
        response = api.get(path)
        assert response.status_code == 200, response.content
        b"".join(response.streaming_content) if response.streaming else response.content
    return len(queries)


@pytest.mark.parametrize("path", MAKERS)
def test_twelve_rows_cost_the_queries_of_two(api: Api, path: str) -> None:
    for _ in range(2):
        MAKERS[path](api)
    _cost(api, path)  # content types and the like are read once
    few = _cost(api, path)

    for _ in range(10):
        MAKERS[path](api)

    assert _cost(api, path) == few


def test_envelope(api: Api) -> None:
    tag = make_tag("only")

    body = api.get("tags/").json()

    assert {k: v for k, v in body.items() if k != "results"} == {
        "count": 1, "count_is_estimate": False, "next": None, "previous": None,
    }  # fmt: skip
    assert [row["id"] for row in body["results"]] == [tag.pk]


def test_next_and_previous_lead_through_the_list_and_back(api: Api) -> None:
    names = [make_tag(f"tag {number}").name for number in range(7)]

    first = api.get("tags/", page_size=3).json()
    second = api.get(first["next"]).json()
    third = api.get(second["next"]).json()
    back = api.get(third["previous"]).json()
    start = api.get(back["previous"]).json()

    pages = [first, second, third]
    assert [row["name"] for page in pages for row in page["results"]] == names
    assert third["next"] is None
    assert back["results"] == second["results"]
    assert (start["results"], start["previous"]) == (first["results"], None)
    assert api.get(start["next"]).json()["results"] == second["results"]


def test_insert_between_two_pages_shifts_nothing(api: Api) -> None:
    for name in "bdfh":
        make_tag(name)
    first = api.get("tags/", page_size=2).json()

    make_tag("a")
    second = api.get(first["next"]).json()

    assert [row["name"] for row in second["results"]] == ["f", "h"]


def test_page_whose_rows_are_gone_still_leads_back(api: Api) -> None:
    tags = [make_tag(name) for name in "abcd"]
    first = api.get("tags/", page_size=2).json()
    Tag.objects.filter(pk__in=[tag.pk for tag in tags[2:]]).delete()

    second = api.get(first["next"]).json()

    assert (second["results"], second["next"]) == ([], None)
    assert api.get(second["previous"]).json()["results"] == first["results"]


def test_numbered_pages(api: Api) -> None:
    for name in "abcde":
        make_tag(name)

    last = api.get("tags/", page=3, page_size=2).json()

    assert [row["name"] for row in last["results"]] == ["e"]
    assert last["next"] is None
    assert "page=2" in last["previous"]


def test_numbered_page_behind_the_end_is_not_found(api: Api) -> None:
    assert api.get("tags/", page=2).status_code == 404
    assert api.get("tags/", page=1).status_code == 200


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("page_size", "0"), ("page_size", "501"), ("page_size", "x"), ("page_size", "-1"),
        ("page_size", "00000000199999"),
        ("page_size", "1.5"), ("page_size", "٣"), ("page", "0"), ("page", "9" * 30),
        ("cursor", "abc"), ("cursor", "\0"), ("ordering", "nothing"), ("ordering", "name,,"),
        ("ordering", "name;drop table library_tag"), ("ordering", "--name"), ("q", "title:x"),
        ("search", "\0"), ("search", "x" * 201), ("favorite", "maybe"), ("parent", "1;2"),
        ("parent", "9" * 30), ("format", "json"),
    ],
)  # fmt: skip
def test_parameter_that_cannot_be_used_is_refused_by_name(api: Api, name: str, value: str) -> None:
    response = api.get("tags/", **{name: value})

    assert response.status_code == 400
    assert response["Content-Type"] == "application/problem+json"
    assert name in response.json()["errors"]


def test_unknown_parameter_is_told_the_known_ones(api: Api) -> None:
    error = api.get("tags/", colour="red").json()["errors"]["colour"][0]

    assert "There is no such parameter" in error
    assert all(name in error for name in ("cursor", "favorite", "ordering", "page_size", "search"))


def test_unknown_key_of_an_order_is_told_the_known_ones(api: Api) -> None:
    error = api.get("videos/", ordering="-rating,lenght").json()["errors"]["ordering"][0]

    assert "'lenght'" in error
    assert "duration, height, id, rating" in error


def test_page_and_cursor_exclude_one_another(api: Api) -> None:
    for name in "abc":
        make_tag(name)
    following = api.get("tags/", page_size=1).json()["next"]

    assert api.get(f"{following}&page=2").status_code == 400


def test_parameters_of_a_list_mean_nothing_to_a_row(api: Api) -> None:
    assert api.get(f"tags/{make_tag().pk}/", page_size=5).status_code == 400


def test_several_keys_with_nulls_smallest(api: Api) -> None:
    library = make_library()
    wanted = [("b", 80), ("c", 80), ("a", 20), ("d", None)]
    for title, rating in reversed(wanted):
        make_video(title, library=library, rating=rating)

    found = api.results("videos/", ordering="-rating,title", page_size=500)

    assert [(video["title"], video["rating"]) for video in found] == wanted


def test_an_estimate_is_no_less_than_what_is_shown(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.core.api.pagination.COUNT_COST", 0.0)
    for _ in range(12):
        make_tag(favorite=True)  # of which no statistics know yet

    page = api.get("tags/", page_size=10, favorite="true").json()

    assert (page["count"] >= 10, page["count_is_estimate"]) == (True, True)


def test_large_counts_are_estimates(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "apps.core.counting.count_rows.__kwdefaults__",
        {"cap": 10, "planned": False, "foreseen": None, "most_cost": float("inf")},
    )
    for number in range(30):
        make_tag(favorite=number >= 8)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE library_tag")

    whole: dict[str, Any] = api.get("tags/", page_size=5).json()
    some = api.get("tags/", page_size=5, favorite="true").json()
    few = api.get("tags/", page_size=5, favorite="false").json()
    shown: dict[str, Any] = api.get("tags/", page_size=500).json()

    assert (whole["count"], whole["count_is_estimate"]) == (30, True)
    assert some["count_is_estimate"] is True
    assert some["count"] > 10
    assert (few["count"], few["count_is_estimate"]) == (8, False)
    assert (shown["count"], shown["count_is_estimate"]) == (30, False)


def test_deep_page_by_cursor_reads_as_few_rows_as_the_first(api: Api) -> None:
    library = make_library()
    Video.objects.bulk_create(Video(library=library, title=f"{n:05}") for n in range(3_000))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE library_video")
    url = api.get("videos/", ordering="title", page_size=500).json()["next"]
    for _ in range(4):
        url = api.get(url).json()["next"]

    with CaptureQueriesContext(connection) as queries:
        assert len(api.get(url).json()["results"]) == 500

    page = next(
        q["sql"] for q in queries if '"library_video"."title", "library_video"."id") >' in q["sql"]
    )
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {page}")
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "Index Cond: (ROW" in plan
    assert "Sort" not in plan
