"""Whatever goes wrong has one shape."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import DataError, IntegrityError, OperationalError, connection
from django.http import Http404
from psycopg import errors as postgres

from apps.accounts.choices import Role, Scope
from apps.core.api.errors import problem_details
from apps.core.errors import Conflict
from tests.client import Api
from tests.factories import make_tag, make_video


def _assert_problem(response: Any, status: int, code: str) -> dict[str, Any]:
    assert response.status_code == status
    assert response["Content-Type"] == "application/problem+json"
    body: dict[str, Any] = response.json()
    assert body["status"] == status
    assert body["type"] == f"urn:mediahub:problem:{code}"
    assert set(body) <= {"type", "title", "status", "detail", "errors"}
    assert body["title"]
    assert body["detail"]
    return body


@pytest.mark.parametrize(
    "path", ["videos/1/", "tags/99999999999999999999999/", "nothing/", "videos/x/"]
)
def test_unknown_is_not_found(api: Api, path: str) -> None:
    _assert_problem(api.get(path), 404, "not_found")


def test_what_may_be_listed_is_forbidden_to_change_not_unknown(
    as_role: Callable[..., Api],
) -> None:
    viewer, tag = as_role(Role.VIEWER), make_tag()

    _assert_problem(viewer.patch(f"tags/{tag.pk}/", {"name": "x"}), 403, "permission_denied")


def test_is_json_where_the_answer_would_not_be(db: None) -> None:
    for path in ("schema/", "docs/"):
        _assert_problem(Api().get(path), 401, "not_authenticated")


@pytest.mark.parametrize("wanted", ["x", "html", "../../etc/passwd"])
def test_formats_that_there_are_not_are_not_found(api: Api, wanted: str) -> None:
    _assert_problem(api.get("videos/", format=wanted), 404, "not_found")


def test_anonymous_is_challenged(db: None) -> None:
    response = Api().get("videos/")

    _assert_problem(response, 401, "not_authenticated")
    assert response["WWW-Authenticate"] == 'Bearer realm="MediaHub"'


def test_unknown_address_tells_the_anonymous_nothing(db: None) -> None:
    assert Api().get("nothing/").status_code == 401


def test_fields_are_told_by_name(api: Api) -> None:
    body = _assert_problem(api.post("tags/", {"color": "red"}), 400, "invalid")

    assert set(body["errors"]) == {"color", "name"}
    assert "color" in body["detail"]


def test_unknown_and_read_only_fields_are_refused(api: Api) -> None:
    tag = make_tag()

    body = _assert_problem(
        api.patch(f"tags/{tag.pk}/", {"nmae": "x", "video_count": 3}), 400, "invalid"
    )

    assert "no such field" in body["errors"]["nmae"][0]
    assert "read-only" in body["errors"]["video_count"][0]


def test_duplicate_is_a_conflict(api: Api) -> None:
    make_tag("Comedy")

    body = _assert_problem(api.post("tags/", {"name": "COMEDY"}), 409, "duplicate")

    assert body["detail"] == "There is another tag with this name already."


def test_stale_edit_is_refused(api: Api) -> None:
    tag = make_tag("old")
    assert api.patch(f"tags/{tag.pk}/", {"name": "new"}).json()["version"] == 2

    response = api.patch(f"tags/{tag.pk}/", {"name": "mine"}, If_Unmodified_Since_Version="1")
    _assert_problem(response, 412, "stale_edit")
    response = api.delete(f"tags/{tag.pk}/", If_Unmodified_Since_Version="1")
    _assert_problem(response, 412, "stale_edit")

    fresh = api.patch(f"tags/{tag.pk}/", {"name": "mine"}, If_Unmodified_Since_Version="2")
    assert (fresh.status_code, fresh.json()["name"]) == (200, "mine")


@pytest.mark.parametrize("version", ["x", "-1", "1.0", "1e3", ""])
def test_version_that_is_no_number_is_refused(api: Api, version: str) -> None:
    response = api.patch(
        f"tags/{make_tag().pk}/", {"name": "x"}, If_Unmodified_Since_Version=version
    )

    _assert_problem(response, 400, "invalid")


@pytest.mark.parametrize(
    "body",
    ["", "{", "[1]", '"text"', "null", '{"name": NaN}', '{"name": "\\ud800"}', "[" * 100_000],
)
def test_body_that_is_no_object_of_json_is_refused(api: Api, body: str) -> None:
    response = api.http.generic("POST", "/api/v1/tags/", body, "application/json")

    assert response.status_code == 400
    assert response["Content-Type"] == "application/problem+json"


def test_null_character_is_refused(api: Api) -> None:
    assert api.post("tags/", {"name": "a\0b"}).status_code == 400
    assert api.post("tags/", {"name": "x", "aliases": ["a\0b"]}).status_code == 400


def test_body_of_another_type_is_refused(api: Api) -> None:
    response = api.http.post("/api/v1/tags/", {"name": "x"})

    _assert_problem(response, 415, "unsupported_media_type")


def test_large_body_is_refused(api: Api) -> None:
    body = json.dumps({"name": "x" * 3_000_000})

    _assert_problem(api.send("POST", "tags/", body, {}), 413, "too_large")


def test_method_that_is_not_there(api: Api) -> None:
    _assert_problem(api.send("PUT", f"tags/{make_tag().pk}/", {}, {}), 405, "method_not_allowed")
    _assert_problem(api.post("videos/", {}), 405, "method_not_allowed")


def test_write_with_a_session_takes_a_csrf_token(api: Api) -> None:
    api.http.handler.enforce_csrf_checks = True

    _assert_problem(api.post("tags/", {"name": "x"}), 403, "permission_denied")


def test_write_with_a_token_takes_none(as_role: Callable[..., Api]) -> None:
    editor = as_role(Role.EDITOR, Scope.WRITE)
    editor.http.handler.enforce_csrf_checks = True

    assert editor.post("tags/", {"name": "x"}).status_code == 201


def test_statement_that_takes_too_long_is_given_up(api: Api) -> None:
    make_video()
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = '1ms'")

        response = problem_details(_failure(), {})

    assert response is not None
    assert response.status_code == 503
    assert response["Retry-After"]
    assert response.data["type"] == "urn:mediahub:problem:database"
    assert "too long" in response.data["detail"]


def _failure() -> Exception:
    from django.db import transaction

    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(5)")
    except OperationalError as error:
        return error
    raise AssertionError


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (Http404(), 404),
        (PermissionDenied(), 403),
        (ValidationError({"name": "wrong"}), 400),
        (Conflict("Two of them."), 409),
        (OperationalError("gone"), 503),
        (IntegrityError("no"), 400),
        (DataError("no"), 400),
    ],
)
def test_every_kind_of_failure_has_its_status(error: Exception, status: int) -> None:
    response = problem_details(error, {})

    assert response is not None
    assert response.status_code == response.data["status"] == status


def test_vanished_reference_is_a_conflict() -> None:
    error = IntegrityError()
    error.__cause__ = postgres.ForeignKeyViolation()

    response = problem_details(error, {})

    assert response is not None
    assert response.status_code == 409


def test_what_nobody_foresaw_is_not_hidden() -> None:
    assert problem_details(ZeroDivisionError(), {}) is None


def test_what_nobody_foresaw_tells_programs_nothing_but_that(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_args: Any, **_kwargs: Any) -> None:
        raise ZeroDivisionError("secret")

    monkeypatch.setattr("apps.library.api.views.labels.TagViewSet.list", fail)
    api.http.raise_request_exception = False

    response = api.get("tags/")

    _assert_problem(response, 500, "server_error")
    assert b"secret" not in response.content
