"""What serializers of several apps share."""

from collections.abc import Mapping
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.validators import UniqueValidator

_LONGEST_S = 10_000_000


class StrictFields:
    """Refuses fields that don't exist or can't be written: nothing sent is silently dropped."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            fields: Mapping[str, serializers.Field] = self.fields  # type: ignore[attr-defined]
            writable = sorted(name for name, field in fields.items() if not field.read_only)
            known = f"Known: {', '.join(writable)}."
            faults = {
                str(name): [
                    f"This field is read-only. {known}"
                    if name in fields
                    else f"There is no such field. {known}"
                ]
                for name in data
                if name not in writable
            }
            if faults:
                raise ValidationError(faults)
        return super().to_internal_value(data)  # type: ignore[misc]


class StrictSerializer(StrictFields, serializers.Serializer):
    """A body that isn't a row."""


class RowSerializer(StrictFields, serializers.ModelSerializer):
    """A row. That it is unique the database says (409), not a query beforehand (400)."""

    def build_standard_field(self, *args: Any, **kwargs: Any) -> Any:
        field_class, options = super().build_standard_field(*args, **kwargs)
        validators = options.get("validators", [])
        options["validators"] = [v for v in validators if not isinstance(v, UniqueValidator)]
        return field_class, options

    def get_validators(self) -> list[Any]:
        return []


class Seconds(serializers.FloatField):
    """Milliseconds in the database, seconds for people and programs."""

    def to_internal_value(self, data: Any) -> Any:
        seconds = super().to_internal_value(data)
        if not 0 <= seconds <= _LONGEST_S:
            raise ValidationError(f"Give seconds from 0 to {_LONGEST_S:,}.")
        return round(seconds * 1_000)

    def to_representation(self, value: Any) -> Any:
        return value / 1_000


@extend_schema_field({"type": "object", "additionalProperties": {}})
class AnyObject(serializers.JSONField):
    """A JSON object."""

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, dict):
            raise ValidationError("Give a JSON object.")
        return super().to_internal_value(data)
