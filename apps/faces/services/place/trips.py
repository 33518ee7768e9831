"""Some statements by one round trip to the database, planned once for each connection to it.

A face that is placed takes a dozen small statements. To go there and back for each, and to plan it,
takes several times as long as to carry it out.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self
from weakref import WeakKeyDictionary

from django.db import connection

Rows = list[tuple[Any, ...]]

# Else they would be planned anew each time, for values that are much like those before.
_ONCE = "SET LOCAL plan_cache_mode = force_generic_plan"
_AGAIN = "SET LOCAL plan_cache_mode = DEFAULT"
_PARAMETER = re.compile(r"%\((\w+)\)s")
# By the connection, which forgets all when it is closed
_prepared: WeakKeyDictionary[Any, set[str]] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement under a name of its own: how it is made ready, and how it is called."""

    name: str
    prepare: str
    execute: str

    @classmethod
    def of(cls, name: str, sql: str, **types: str) -> Self:
        """From SQL with parameters like ``%(ids)s``, of these types."""
        numbers = {parameter: f"${n}" for n, parameter in enumerate(types, 1)}
        numbered = _PARAMETER.sub(lambda found: numbers[found[1]], sql)
        declared = f"({', '.join(types.values())})" if types else ""
        given = f"({', '.join(f'%({parameter})s' for parameter in types)})" if types else ""
        return cls(name, f"PREPARE {name} {declared} AS {numbered}", f"EXECUTE {name} {given}")


def several(statements: Sequence[Statement], told: Mapping[str, Any]) -> list[Rows]:
    """What each answers, in a transaction. They are sent together, and each sees what is committed
    when it begins."""
    connection.ensure_connection()
    known = _prepared.setdefault(connection.connection, set())
    found: list[Rows] = []
    with connection.cursor() as cursor:
        if lacking := [each for each in statements if each.name not in known]:
            cursor.execute(";".join(each.prepare for each in lacking))
            known.update(each.name for each in lacking)
        cursor.execute(";".join([_ONCE, *(each.execute for each in statements), _AGAIN]), told)
        while cursor.nextset():
            found.append([] if cursor.description is None else cursor.fetchall())
    return found[: len(statements)]
