"""Failures as problem details (RFC 9457): one shape for whatever goes wrong in the API."""

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.exceptions import (
    ObjectDoesNotExist,
    PermissionDenied,
    RequestDataTooBig,
    ValidationError,
)
from django.db import DataError, IntegrityError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views import defaults
from psycopg import errors as postgres
from rest_framework import exceptions
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response
from rest_framework.serializers import as_serializer_error

from apps.core.errors import MediaHubError

MEDIA_TYPE = "application/problem+json"
_BUSY_RETRY_S = "5"

Headers = dict[str, str]


class TooLarge(exceptions.APIException):
    """The body is larger than ``DATA_UPLOAD_MAX_MEMORY_SIZE``."""

    status_code = 413
    default_code = "too_large"


def problem(
    status: int,
    detail: str,
    *,
    code: str = "",
    errors: Mapping[str, Any] | None = None,
    headers: Headers | None = None,
) -> Response:
    """A response of RFC 9457. ``code`` makes the type, ``errors`` maps fields to their faults."""
    body: dict[str, Any] = {
        "type": f"urn:mediahub:problem:{code}" if code else "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
    }
    if errors:
        body["errors"] = errors
    return Response(body, status=status, headers=headers, content_type=MEDIA_TYPE)


def problem_details(error: Exception, context: Mapping[str, Any]) -> Response | None:
    """DRF's exception handler. Nothing comes back for what nobody foresaw: that is a 500."""
    if "request" in context:
        request = context["request"]
        request.accepted_renderer = JSONRenderer()  # not the view's: that may be YAML, or not known
        request.accepted_media_type = JSONRenderer.media_type
    error = _as_drf(error)
    if isinstance(error, exceptions.APIException):
        return _from_drf(error)
    if isinstance(error, MediaHubError):
        field = getattr(error, "field", "")
        errors = {field: [str(error)]} if field else None
        response = problem(error.status, str(error), code=error.code, errors=errors)
        response.data |= getattr(error, "details", {})  # members of its own (RFC 9457, 3.2)
        return response
    return _from_database(error)


def server_error(request: HttpRequest) -> HttpResponse:
    """Django's ``handler500``: a problem for programs, Django's page for people."""
    if not request.path.startswith("/api/"):
        return defaults.server_error(request)
    body = {
        "type": "urn:mediahub:problem:server_error",
        "title": HTTPStatus(500).phrase,
        "status": 500,
        "detail": "Something went wrong here that nobody foresaw; the log says what.",
    }
    return JsonResponse(body, status=500, content_type=MEDIA_TYPE)


def _as_drf(error: Exception) -> Exception:
    """Django's exceptions as those of DRF that mean the same, any other as it is."""
    if isinstance(error, Http404 | ObjectDoesNotExist):
        return exceptions.NotFound("There is nothing at this address.")
    if isinstance(error, PermissionDenied):
        return exceptions.PermissionDenied()
    if isinstance(error, ValidationError):
        return exceptions.ValidationError(as_serializer_error(error))
    if isinstance(error, RequestDataTooBig):
        return TooLarge(f"The body exceeds {settings.DATA_UPLOAD_MAX_MEMORY_SIZE:,} bytes.")
    return error


def _from_drf(error: exceptions.APIException) -> Response:
    headers: Headers = {}
    if challenge := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = challenge
    if wait := getattr(error, "wait", None):
        headers["Retry-After"] = str(int(wait))
    if isinstance(error, exceptions.ValidationError):
        by_field = _by_field(error.detail)
        faulty = ", ".join(name for name in by_field if name != "non_field_errors")
        detail = f"Can't be used: {faulty}." if faulty else _first_text(by_field)
        return problem(400, detail, code="invalid", errors=by_field, headers=headers)
    code = str(error.default_code)
    return problem(error.status_code, _first_text(error.detail), code=code, headers=headers)


def _from_database(error: Exception) -> Response | None:
    cause = error.__cause__
    if isinstance(error, OperationalError):
        text = "The database can't be reached or is too busy at the moment."
        if isinstance(cause, postgres.QueryCanceled):
            text = "This took the database too long and was given up: narrow it down."
        return problem(503, text, code="database", headers={"Retry-After": _BUSY_RETRY_S})
    if isinstance(error, IntegrityError):
        return _from_rule(cause)
    if isinstance(error, DataError):
        return problem(400, "A value is out of range or can't be stored.", code="invalid")
    return None


def _from_rule(cause: BaseException | None) -> Response:
    if isinstance(cause, postgres.UniqueViolation):
        return problem(409, _duplicate(cause), code="duplicate")
    if isinstance(cause, postgres.ForeignKeyViolation):
        return problem(409, "Something that this refers to is gone.", code="conflict")
    rule = getattr(getattr(cause, "diag", None), "constraint_name", None) or "a rule"
    return problem(400, f"The values contradict one another ({rule}).", code="invalid")


def _duplicate(error: postgres.UniqueViolation) -> str:
    """Which row is there already, and by which fields they are the same."""
    models = {model._meta.db_table: model for model in apps.get_models()}
    model = models.get(error.diag.table_name or "")
    if model is None:
        return "This exists already."
    # "Key (lower(name::text))=(…) already exists.", in the database's language
    key = (error.diag.message_detail or "").partition(")=(")[0]
    same = [
        str(field.verbose_name)
        for field in model._meta.concrete_fields
        if re.search(rf"\b{field.column}\b", key)
    ]
    return f"There is another {model._meta.verbose_name} with this {' and '.join(same)} already."


def _by_field(detail: Any) -> dict[str, Any]:
    return dict(detail) if isinstance(detail, Mapping) else {"non_field_errors": detail}


def _first_text(detail: Any) -> str:
    """The first sentence in what DRF nests in lists and dictionaries."""
    while isinstance(detail, Mapping | list):
        parts = list(detail.values()) if isinstance(detail, Mapping) else detail
        if not parts:
            return "This can't be used."
        detail = parts[0]
    return str(detail)
