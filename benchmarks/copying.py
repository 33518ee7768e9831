"""Rows by COPY: the quickest way into PostgreSQL, with all constraints, indexes and triggers."""

import json
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from django.db import connection, models
from django.utils import timezone

_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


class Table:
    """A model's table; columns that aren't named take the model's defaults."""

    def __init__(self, model: type[models.Model], columns: Sequence[str]) -> None:
        fields = (field for field in model._meta.concrete_fields if not field.generated)
        given = {field.attname: field for field in fields}
        others = [field for name, field in given.items() if name not in columns]
        others = [field for field in others if not field.primary_key]
        names = [given[name].column for name in columns] + [field.column for field in others]
        listed = ", ".join(f'"{name}"' for name in names)
        self.model = model
        self.rows = 0
        self._statement = f'COPY "{model._meta.db_table}" ({listed}) FROM STDIN'
        self._rest = "".join(f"\t{text(_default(field))}" for field in others) + "\n"

    def write(self, rows: Iterable[Sequence[str]]) -> None:
        """Add rows of values that ``text`` made, in the order of the columns."""
        rest = self._rest
        lines = ["\t".join(row) + rest for row in rows]
        self.rows += len(lines)
        with connection.cursor() as cursor, cursor.copy(self._statement) as copy:
            copy.write("".join(lines))

    def settle(self) -> None:
        """Let the next id of the table follow those that were given."""
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT setval(pg_get_serial_sequence(%s, 'id'), max(id)) FROM "
                f'"{self.model._meta.db_table}"',
                [self.model._meta.db_table],
            )


def text(value: Any) -> str:
    """A value as COPY's text format has it."""
    match value:
        case None:
            return "\\N"
        case bool():
            return "t" if value else "f"
        case datetime() | date():
            return value.isoformat()
        case dict():
            return json.dumps(value).translate(_ESCAPES)
        case list():
            return "{" + ",".join(map(str, value)) + "}"
        case bytes():
            return f"\\\\x{value.hex()}"
        case _:
            return str(value).translate(_ESCAPES)


def _default(field: "models.Field[Any, Any]") -> Any:
    if isinstance(field, models.DateTimeField) and (field.auto_now or field.auto_now_add):
        return timezone.now()
    value = field.get_default()
    return json.dumps(value) if isinstance(field, models.JSONField) else value
