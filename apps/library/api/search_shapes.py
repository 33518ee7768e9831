"""The shapes of what the query language says of itself."""

from typing import Any

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from apps.library.api.shapes import VideoShape
from apps.library.search.field import Field

_LONGEST = 10_000  # as far as it is typed; queries themselves are shorter


class ChoiceShape(serializers.Serializer):
    value = serializers.CharField()

    def get_fields(self) -> dict[str, Any]:
        return {**super().get_fields(), "label": serializers.CharField()}


class FieldShape(serializers.Serializer):
    """A field of the query language."""

    name = serializers.CharField()
    # `label` is a serializer's own argument, which a field of this name would hide
    kind = serializers.CharField(help_text="such as `text`, `number`, `date`, `label`, `flag`")
    help = serializers.CharField()
    operators = serializers.ListField(child=serializers.CharField())
    examples = serializers.ListField(child=serializers.CharField())
    choices = ChoiceShape(many=True, allow_null=True, help_text="where the list is closed")

    def get_fields(self) -> dict[str, Any]:
        return {**super().get_fields(), "label": serializers.CharField()}

    def to_representation(self, field: Field) -> dict[str, Any]:
        choices = [{"value": value, "label": label} for value, label in field.choices()]
        return {
            "name": field.name,
            "label": field.label,
            "kind": field.kind,
            "help": field.help,
            "operators": list(field.operators),
            "examples": list(field.examples),
            "choices": choices or None,
        }


class CaretSerializer(serializers.Serializer):
    q = serializers.CharField(
        default="", allow_blank=True, trim_whitespace=False, max_length=_LONGEST
    )
    at = serializers.IntegerField(required=False, min_value=0, max_value=_LONGEST)


class ItemShape(serializers.Serializer):
    text = serializers.CharField(help_text="what is inserted")
    kind = serializers.ChoiceField(choices=["field", "operator", "value", "word"])
    count = serializers.IntegerField(allow_null=True, help_text="how many videos")
    help = serializers.CharField()

    def get_fields(self) -> dict[str, Any]:
        return {**super().get_fields(), "label": serializers.CharField()}


class CompletionShape(serializers.Serializer):
    """`items` take the place of the characters of `q` from `from` up to `to`."""

    to = serializers.IntegerField(source="end")
    items = ItemShape(many=True)

    def get_fields(self) -> dict[str, Any]:
        return {"from": serializers.IntegerField(source="start"), **super().get_fields()}


class FacetValueShape(serializers.Serializer):
    value = serializers.CharField()
    count = serializers.IntegerField()
    query = serializers.CharField(help_text="the condition that asks for it")

    def get_fields(self) -> dict[str, Any]:
        return {**super().get_fields(), "label": serializers.CharField()}


class FacetShape(serializers.Serializer):
    """The most frequent values of a field, those of the most videos first."""

    values = FacetValueShape(many=True)
    is_estimate = serializers.BooleanField()


class FacetsShape(serializers.Serializer):
    """`fields` maps names to their values. Counts of more than 20,000 videos are estimates."""

    count = serializers.IntegerField()
    count_is_estimate = serializers.BooleanField()

    def get_fields(self) -> dict[str, Any]:
        return {**super().get_fields(), "fields": serializers.DictField(child=FacetShape())}


class ReplacedShape(serializers.Serializer):
    """A word that was typed and finds nothing, and the one in its place."""

    to = serializers.CharField()

    def get_fields(self) -> dict[str, Any]:
        return {"from": serializers.CharField(), **super().get_fields()}


@extend_schema_serializer(many=False)
class VideoListShape(serializers.Serializer):
    """A page of videos."""

    count = serializers.IntegerField(allow_null=True)
    count_is_estimate = serializers.BooleanField()
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = VideoShape(many=True)
    forgiven = ReplacedShape(many=True, required=False, help_text="if typing errors were forgiven")
