"""Rows that have a name, or have it as an alias: exactly it, in any case."""

import json
from collections import defaultdict
from collections.abc import Iterable
from typing import Any, NamedTuple

from django.db import connection

from apps.stashbox.choices import Kind
from apps.stashbox.services.linking.labels import MODELS


class Namesake(NamedTuple):
    """A row of a name; ``apart`` tells performers of the name apart."""

    pk: int
    name: str
    apart: str
    by_name: bool
    provenance: Any


# By the names' index, and for aliases by that of the haystack, in which names stand folded.
_NAMESAKES = """
    SELECT wanted.name, label.id, label.name, {apart}, true, label.provenance
    FROM unnest(%s::text[]) wanted(name)
        JOIN {table} label ON lower(label.name) = lower(wanted.name)
    UNION ALL
    SELECT wanted.name, label.id, label.name, {apart}, false, label.provenance
    FROM ({others}) wanted(name)
        JOIN {table} label
        ON label.haystack LIKE '%%|' || library_fold(wanted.name) || '|%%'
    WHERE lower(label.name) <> lower(wanted.name) AND EXISTS (
        SELECT FROM unnest(label.aliases) alias WHERE lower(alias) = lower(wanted.name))
    ORDER BY 1, 2
"""
_ALL = "SELECT unnest(%s::text[])"
# a unique name is its row's: who has it as an alias doesn't matter
_UNNAMED = """
    SELECT asked.name FROM unnest(%s::text[]) asked(name)
    WHERE NOT EXISTS (SELECT FROM {table} label WHERE lower(label.name) = lower(asked.name))
"""


def namesakes(kind: Kind, names: Iterable[str]) -> dict[str, list[Namesake]]:
    """By the names as they are given, one statement; of studios and tags that have the name
    nobody's aliases."""
    wanted, table = sorted(set(names)), MODELS[kind]._meta.db_table
    people = kind == Kind.PERFORMER
    sql = _NAMESAKES.format(
        table=table,
        apart="label.disambiguation" if people else "''",
        others=_ALL if people else _UNNAMED.format(table=table),
    )
    found: dict[str, list[Namesake]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(sql, [wanted, wanted])
        for name, pk, own, apart, by_name, provenance in cursor.fetchall():
            found[name].append(Namesake(pk, own, apart, by_name, json.loads(provenance)))
    return dict(found)
