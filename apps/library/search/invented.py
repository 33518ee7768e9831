"""Fields that people invented: their values stand in ``Video.custom``."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import models
from django.db.models import F, Func, Q, TextField
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast, Coalesce

from apps.library.choices import FieldKind
from apps.library.models import CustomField
from apps.library.search.field import Field, Scope, is_word, read_flag, register_source
from apps.library.search.spans import DayField, QuantityField
from apps.library.search.texts import ILike, constant, escaped
from apps.query import Range, Value
from apps.query.values import PLAIN, read_quantity


def _has(key: str) -> Q:
    return Q(custom__has_key=key)


@dataclass(frozen=True)
class InventedText(Field):
    kind = "text"

    def match(self, value: Value | Range, operator: str, scope: Scope) -> Q:
        if is_word(value, "none") or is_word(value, "any"):
            return ~_has(self.name) if is_word(value, "none") else _has(self.name)
        whole = operator == "=" or "*" in value.text
        pattern = escaped(value.text if whole else f"*{value.text}*")
        stored = Cast(KeyTextTransform(self.name, F("custom")), TextField())
        # never unknown, so that a negation is the rest
        return _has(self.name) & Q(ILike(Coalesce(stored, constant("")), constant(pattern)))


@dataclass(frozen=True)
class InventedFlag(Field):
    kind = "flag"

    def match(self, value: Value | Range, operator: str, scope: Scope) -> Q:
        if is_word(value, "none") or is_word(value, "any"):
            return ~_has(self.name) if is_word(value, "none") else _has(self.name)
        flag = read_flag(value)
        if flag is None:
            raise self.refuse(value, f"“{value.text}” is neither yes nor no", known=("yes", "no"))
        return Q(custom__contains={self.name: flag})

    def choices(self) -> list[tuple[str, str]]:
        return [("yes", "yes"), ("no", "no")]


class _Compared:
    """Compares by jsonpath, which minds neither a missing value nor one of another kind."""

    name: str

    def unknown(self) -> Q:
        return ~_has(self.name)

    def at_least(self, edge: Any) -> Q:
        return self._compare(">=", edge)

    def below(self, edge: Any) -> Q:
        return self._compare("<", edge)

    def up_to(self, edge: Any) -> Q:
        return self._compare("<=", edge)

    def above(self, edge: Any) -> Q:
        return self._compare(">", edge)

    def _compare(self, sign: str, edge: Any) -> Q:
        path = f'$."{self.name}" ? (@ {sign} $edge)'  # the model lets keys be nothing but names
        found = Func(
            F("custom"), Cast(constant(path), _JSONPath()),
            models.Value({"edge": _plain(edge)}, models.JSONField()),
            function="jsonb_path_exists", output_field=models.BooleanField(),
        )  # fmt: skip
        return Q(found)


class _JSONPath(models.TextField):
    def db_type(self, connection: Any) -> str:
        return "jsonpath"


@dataclass(frozen=True)
class InventedNumber(_Compared, QuantityField):
    """A number without a unit."""


@dataclass(frozen=True)
class InventedDay(_Compared, DayField):
    """A day, stored as ``2024-05-17``, which sorts as text."""


def _plain(edge: Any) -> Any:
    if isinstance(edge, datetime):
        return edge.date().isoformat()
    return edge.isoformat() if isinstance(edge, date) else float(edge)


def _find(names: Iterable[str]) -> dict[str, Field]:
    rows = CustomField.objects.order_by("label", "pk")
    wanted = list(names)
    return {row.key: _field(row) for row in (rows.filter(key__in=wanted) if wanted else rows)}


def _field(row: CustomField) -> Field:
    told = (row.key, row.label, "A field of your own.")
    match row.kind:
        case FieldKind.NUMBER:
            return InventedNumber(
                *told, column="", reader=lambda text: read_quantity(text, PLAIN), whole=False,
                examples=(f"{row.key}>5",),
            )  # fmt: skip
        case FieldKind.DATE:
            return InventedDay(*told, column="", examples=(f"{row.key}:2024",))
        case FieldKind.FLAG:
            return InventedFlag(*told, examples=(f"{row.key}:yes",))
        case _:
            return InventedText(*told, examples=(f"{row.key}:word",))


register_source(_find)
