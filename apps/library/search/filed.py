"""Videos by the ids of their labels, which may be hundreds.

The ids are one parameter: to write each down took longer than to look them all up.
"""

from collections.abc import Iterable

from django.db import models
from django.db.models import F, Func, Q, Value

from apps.library.models import Performer, Studio, Tag

COLUMNS: dict[type[models.Model], str] = {
    Tag: "tag_ids", Performer: "performer_ids", Studio: "studio_id",
}  # fmt: skip


class _Overlaps(Func):
    template = "%(expressions)s::bigint[]"
    arg_joiner = " && "
    output_field = models.BooleanField()
    conditional = True


class _IsOneOf(_Overlaps):
    template = "%(expressions)s::bigint[])"
    arg_joiner = " = ANY("


def filed_under(model: type[models.Model], ids: Iterable[int]) -> Q:
    """Videos that have any of some labels."""
    column = COLUMNS[model]
    given = Value("{" + ",".join(map(str, ids)) + "}", output_field=models.TextField())
    if model is Studio:
        return Q(studio__isnull=False) & Q(_IsOneOf(F(column), given))
    return Q(_Overlaps(F(column), given))
