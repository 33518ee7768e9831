"""Deeds on several rows that are named by their ids."""

from typing import Any

from django.db.models import QuerySet
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from apps.library.api.shapes import SelectionSerializer
from apps.library.choices import Refresh

_MOST_NAMED = 20


def read_selection(
    request: Request, rows: QuerySet[Any]
) -> tuple[QuerySet[Any], frozenset[Refresh]]:
    """The rows that the body names, and what of them to read anew. Raises ValidationError."""
    body = SelectionSerializer(data=request.data)
    body.is_valid(raise_exception=True)
    wanted = set(body.validated_data["ids"])
    found = rows.filter(pk__in=wanted)
    if unknown := sorted(wanted - set(found.values_list("pk", flat=True))):
        named = ", ".join(map(str, unknown[:_MOST_NAMED]))
        raise ValidationError({"ids": [f"There is nothing with the id {named}."]})
    return found, body.validated_data["refresh"]
