"""Questions that several apps ask of their rows in the same words."""

import json
from collections.abc import Sequence
from typing import Any, Self

from django.apps import apps
from django.db import connection, models
from django.db.models import F, Func, Q, Value

# one index look-up for each kind, however many entries there are
_KINDS = """
WITH RECURSIVE kinds AS (
    SELECT min(object_type) AS kind FROM core_auditentry
    UNION ALL
    SELECT (SELECT min(object_type) FROM core_auditentry WHERE object_type > kind)
    FROM kinds WHERE kind IS NOT NULL
)
SELECT kind FROM kinds WHERE kind IS NOT NULL
"""
_private: set[str] = set()


def keep_private(model: type[models.Model]) -> None:
    """What somebody does to rows of the model is shown to nobody else but superusers."""
    _private.add(model._meta.label_lower)


class AuditQuerySet(models.QuerySet["AuditEntry"]):  # type: ignore[name-defined]
    def readable_by(self, user: Any) -> Self:
        """All but what others do to things that are private to them."""
        if user.is_superuser:
            return self
        return self.filter(~Q(object_type__in=_private) | Q(user_id=user.pk))

    def about(self, instance: models.Model) -> Self:
        """The history of one object, newest first; see ``concerning``."""
        mine = self.filter(object_type=instance._meta.label_lower)
        return mine.concerning([instance.pk]).order_by("-pk")

    def concerning(self, ids: Sequence[int]) -> Self:
        """Changes of objects with these ids, and of many rows with them among those.

        Of the latter, where there is one id, ``own_changes`` are what happened to it.
        """
        rows = apps.get_model("core", "AuditRow")._default_manager.filter(object_id__in=ids)
        of_one = self.order_by().filter(object_id__in=ids).values("pk")
        entries = self.filter(pk__in=of_one.union(rows.order_by().values("entry"), all=True))
        if len(ids) != 1:
            return entries
        own = rows.filter(entry=models.OuterRef("pk")).values("changes")
        return entries.annotate(own_changes=models.Subquery(own))

    def changing(self, field: str) -> Self:
        """Changes of a field, whatever the object."""
        return self.filter(action="changed", changes__has_key=field)

    def with_value(self, text: str) -> Self:
        """Changes from or to exactly this value; what reads as a number is also looked for as one,
        and by that as an id in sets."""
        said = [json.dumps(text)]
        if text.isascii() and text.isdigit():
            said.append(str(int(text)))
        path = f"$.*[*] ? ({' || '.join(f'@ == {value}' for value in said)})"
        return self.filter(_Holds(F("changes"), Value(path)), action="changed")

    def kinds(self) -> list[str]:
        """The kinds of objects that have entries."""
        with connection.cursor() as cursor:
            cursor.execute(_KINDS)
            return [kind for (kind,) in cursor.fetchall()]


class _Holds(Func):
    """Whether a jsonpath finds anything. Its index knows ``@?`` with a constant path only."""

    template = "%(expressions)s::jsonpath"
    arg_joiner = " @? "
    output_field = models.BooleanField()
