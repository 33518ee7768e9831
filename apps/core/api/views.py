"""What the views of the API have in common."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.db import models
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.serializers import BaseSerializer
from rest_framework.views import APIView
from rest_framework.viewsets import GenericViewSet

from apps.core import audit
from apps.core.api import pagination
from apps.core.api.parsers import StrictJSONParser

VERSION_HEADER = "If-Unmodified-Since-Version"


class StrictView(APIView):
    """Refuses query parameters that it doesn't know, naming those that it does.

    ``parameters`` are the ones of a view or, given to ``@action``, of one of its actions.
    """

    parameters: tuple[str, ...] = ()
    parser_classes = [StrictJSONParser]
    metadata_class = None

    # Read by apps.accounts.api.permissions: the scope that a token needs for unsafe methods, and
    # the permission that the user needs, else the verb of the model's (by method, if empty).
    write_scope = "write"
    permission = ""
    verb = ""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        known = self.known_parameters()
        if unknown := sorted(set(request.query_params) - known):
            which = f"Known: {', '.join(sorted(known))}." if known else "There are none here."
            text = f"There is no such parameter. {which}"
            raise ValidationError({name: [text] for name in unknown})

    def known_parameters(self) -> set[str]:
        return set(self.parameters)


class ListedViewSet(StrictView, GenericViewSet):
    """Rows that can be listed and read.

    ``ordering_fields`` maps the keys of ``?ordering=`` to columns.
    """

    filter_backends = [DjangoFilterBackend]
    lookup_value_regex = "[0-9]+"
    ordering_fields: ClassVar[Mapping[str, str]] = {"id": "id"}
    default_ordering = "-id"

    def known_parameters(self) -> set[str]:
        known = super().known_parameters()
        if self.action == "list":
            filters = getattr(getattr(self, "filterset_class", None), "base_filters", {})
            known |= {*filters, *pagination.PARAMETERS}
        return known

    def represent(self, row: models.Model) -> dict[str, Any]:
        """One row as the API shows it, read anew."""
        fresh = self.get_queryset().get(pk=row.pk)
        return self.represent_all([fresh])[0]

    def represent_all(self, rows: list[Any]) -> list[dict[str, Any]]:
        serializer = type(self).serializer_class
        assert serializer is not None
        return list(serializer(rows, many=True, context=self.get_serializer_context()).data)

    def list(self, _request: Request, *_args: Any, **_kwargs: Any) -> Response:
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(self.represent_all(list(page or [])))

    def retrieve(self, _request: Request, *_args: Any, **_kwargs: Any) -> Response:
        return Response(self.represent_all([self.get_object()])[0])

    def location(self, row: models.Model, *, basename: str = "") -> str:
        """The address of a row."""
        name = f"{basename or self.basename}-detail"
        return reverse(name, args=[row.pk], request=self.request)


class ChangeableViewSet(ListedViewSet):
    """Rows that people change and delete, but that come from elsewhere."""

    edit_serializer_class: ClassVar[type[BaseSerializer] | None] = None

    def get_serializer_class(self) -> type[BaseSerializer]:
        if self.action in {"create", "partial_update"} and self.edit_serializer_class:
            return self.edit_serializer_class
        return super().get_serializer_class()

    def read_edit(self, request: Request, row: models.Model | None = None) -> dict[str, Any]:
        """The body's values. Raises ValidationError."""
        serializer = self.get_serializer(row, data=request.data, partial=row is not None)
        serializer.is_valid(raise_exception=True)
        return dict(serializer.validated_data)

    def partial_update(self, request: Request, *_args: Any, **_kwargs: Any) -> Response:
        row = self.get_object()
        changed = self.change(row, self.read_edit(request, row), expected_version(request))
        return Response(self.represent(changed))

    def destroy(self, request: Request, *_args: Any, **_kwargs: Any) -> Response:
        self.remove(self.get_object(), expected_version(request))
        return Response(status=204)

    def change(self, row: Any, values: dict[str, Any], version: int | None) -> models.Model:
        """Call the service that changes a row."""
        changed: models.Model = audit.update(row, values, expected_version=version)
        return changed

    def remove(self, row: Any, version: int | None) -> None:
        """Call the service that removes a row."""
        audit.delete(row, expected_version=version)


class EditableViewSet(ChangeableViewSet):
    """Rows that people make, change and delete."""

    def create(self, request: Request, *_args: Any, **_kwargs: Any) -> Response:
        row = self.make(self.read_edit(request))
        return Response(self.represent(row), status=201, headers={"Location": self.location(row)})

    def make(self, values: dict[str, Any]) -> models.Model:
        """Call the service that makes a row."""
        row: models.Model = self.get_queryset().model(**values)
        return audit.create(row)


def expected_version(request: Request) -> int | None:
    """The version of the row that the client has read, if it says so. Raises ValidationError."""
    text = request.headers.get(VERSION_HEADER)
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise ValidationError({VERSION_HEADER: ["Give the version as a whole number."]})
    return int(text)
