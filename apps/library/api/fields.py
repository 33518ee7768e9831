"""How rows refer to labels: read as ``{"id", "name"}``, written as that or as the id alone."""

from collections.abc import Iterable
from typing import Any

from django.db import models
from drf_spectacular.extensions import OpenApiSerializerFieldExtension
from drf_spectacular.openapi import AutoSchema
from rest_framework import serializers

_LARGEST_ID = 2**63 - 1
_REFERENCE: dict[str, Any] = {
    "type": "object",
    "properties": {"id": {"type": "integer"}, "name": {"type": "string"}},
    "required": ["id", "name"],
}


def label(row: Any) -> dict[str, Any]:
    return {"id": row.pk, "name": row.name}


class LabelField(serializers.Field):
    """One label, or none where ``allow_null``."""

    default_error_messages = {
        "id": "Give an id, or an object with an id.",
        "unknown": "There is no {kind} {ids}.",
    }

    def __init__(self, model: type[models.Model], **options: Any) -> None:
        super().__init__(**options)
        self.model = model

    def to_internal_value(self, data: Any) -> Any:
        return self.find([data])[0]

    def to_representation(self, value: Any) -> Any:
        return label(value)

    def find(self, given: Iterable[Any]) -> list[Any]:
        """The rows that are named, each once, in one query."""
        ids = list(dict.fromkeys(self._id(item) for item in given))
        rows = self.model._default_manager.in_bulk(ids)
        if unknown := [str(i) for i in ids if i not in rows]:
            self.fail("unknown", kind=self.model._meta.verbose_name, ids=", ".join(unknown))
        return [rows[i] for i in ids]

    def _id(self, item: Any) -> int:
        given = item.get("id") if isinstance(item, dict) else item
        if not isinstance(given, int) or isinstance(given, bool) or not 0 < given <= _LARGEST_ID:
            self.fail("id")
        return given


class LabelsField(LabelField):
    """A set of labels; written, it is all that the row has then."""

    default_error_messages = {"list": "Give a list of at most {most} ids."}
    most = 500

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, list) or len(data) > self.most:
            self.fail("list", most=self.most)
        return self.find(data)

    def to_representation(self, value: Any) -> Any:
        rows = sorted(value.all(), key=lambda row: (row.name.lower(), row.pk))
        return [label(row) for row in rows]


class LabelFieldSchema(OpenApiSerializerFieldExtension):  # type: ignore[no-untyped-call]
    """Describes both shapes in the schema."""

    target_class = LabelField
    match_subclasses = True

    def map_serializer_field(self, _auto_schema: AutoSchema, direction: str) -> dict[str, Any]:
        one = _REFERENCE
        if direction == "request":
            loose = {**_REFERENCE, "required": ["id"]}
            one = {"oneOf": [{"type": "integer"}, loose]}
        if isinstance(self.target, LabelsField):
            return {"type": "array", "items": one}
        return one
