"""Looking up the labels that a query names: one statement for each kind, however many names."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db import connection, models

from apps.library.models import Library, Performer, Studio, Tag

MOST_OF_A_WORD = 500  # labels that one bare word stands for: those in most videos
STAR = "\ue000"  # stands for ``*`` while a text is folded, which takes signs away

# A text with stars is compared with each name by itself, since % goes beyond the bars between them.
_NAMED = """
    SELECT wanted.number, label.id
    FROM unnest(%s::text[]) WITH ORDINALITY AS wanted(text, number)
    CROSS JOIN LATERAL (
        SELECT id FROM {table} label
        WHERE haystack LIKE '%%|' || replace(library_fold(wanted.text), %s, '%%') || '|%%'
          AND (strpos(wanted.text, %s) = 0 OR EXISTS (
              SELECT FROM unnest(string_to_array(label.haystack, '|')) one
              WHERE one LIKE replace(library_fold(wanted.text), %s, '%%')))
    ) label
"""
_CONTAINING = """
    SELECT {kind}, wanted.number, label.id
    FROM unnest(%s::text[], %s::boolean[]) WITH ORDINALITY AS wanted(text, starts, number)
    CROSS JOIN LATERAL (
        SELECT id FROM {table}
        WHERE haystack LIKE CASE WHEN wanted.starts THEN '%% ' ELSE '%%' END
            || btrim(library_fold(wanted.text)) || '%%'
        ORDER BY video_count DESC, id LIMIT {most}
    ) label
    WHERE library_fold(wanted.text) <> '  '
"""
_FAMILIES = """
    WITH RECURSIVE family(root, id) AS (
        SELECT id, id FROM unnest(%s::bigint[]) id
        UNION
        SELECT family.root, link.child FROM family JOIN ({children}) link ON link.parent = family.id
    )
    SELECT root, id FROM family
"""
_CHILDREN: dict[type[models.Model], str] = {
    Tag: "SELECT parent_id AS parent, child_id AS child FROM library_tagparent",
    Studio: "SELECT parent_id AS parent, id AS child FROM library_studio"
    " WHERE parent_id IS NOT NULL",
}
SEARCHED: tuple[type[models.Model], ...] = (Tag, Performer, Studio)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A name to look up; ``*`` in it stands for anything. ``family``: with all below it."""

    model: type[models.Model]
    text: str
    family: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """A word or phrase to look for inside of names; ``starts``: where a word starts only."""

    text: str
    starts: bool = False


@dataclass(frozen=True, slots=True)
class Names:
    """Ids by what was wanted."""

    named: dict[Wanted, list[int]] = field(default_factory=dict)
    containing: dict[Part, dict[type[models.Model], list[int]]] = field(default_factory=dict)
    libraries: list[tuple[int, str, str]] = field(default_factory=list)
    """Id, name and root of each, if a library or an absolute path was asked about."""


def look_up(wanted: Iterable[Wanted], parts: Iterable[Part], *, libraries: bool) -> Names:
    """All that a query needs to know of labels."""
    names = Names()
    by_model: dict[type[models.Model], list[Wanted]] = defaultdict(list)
    for one in dict.fromkeys(wanted):
        by_model[one.model].append(one)
    for model, several in by_model.items():
        names.named.update(_look_up_named(model, several))
    words = list(dict.fromkeys(parts))
    for part in words:
        names.containing[part] = {}
    if words:
        _look_up_containing(words, names)
    if libraries:
        names.libraries.extend(Library.objects.order_by("pk").values_list("pk", "name", "root"))
    return names


def _look_up_named(model: type[models.Model], wanted: list[Wanted]) -> dict[Wanted, list[int]]:
    texts = [one.text.replace("*", STAR) for one in wanted]
    found: dict[Wanted, list[int]] = {one: [] for one in wanted}
    with connection.cursor() as cursor:
        statement = _NAMED.format(table=model._meta.db_table)
        cursor.execute(statement, [texts, STAR, STAR, STAR])
        for number, pk in cursor.fetchall():
            found[wanted[number - 1]].append(pk)
    families = [pk for one, ids in found.items() if one.family for pk in ids]
    below = _families(model, families) if families else {}
    for one, ids in found.items():
        if one.family:
            found[one] = sorted({pk for root in ids for pk in below[root]})
    return found


def _families(model: type[models.Model], ids: list[int]) -> dict[int, set[int]]:
    below: dict[int, set[int]] = defaultdict(set)
    with connection.cursor() as cursor:
        cursor.execute(_FAMILIES.format(children=_CHILDREN[model]), [ids])
        for root, pk in cursor.fetchall():
            below[root].add(pk)
    return below


def _look_up_containing(parts: list[Part], names: Names) -> None:
    statement = " UNION ALL ".join(
        f"({_CONTAINING.format(kind=kind, table=model._meta.db_table, most=MOST_OF_A_WORD)})"
        for kind, model in enumerate(SEARCHED)
    )
    with connection.cursor() as cursor:
        wanted: list[Any] = [[part.text for part in parts], [part.starts for part in parts]]
        cursor.execute(statement, wanted * len(SEARCHED))
        for kind, number, pk in cursor.fetchall():
            names.containing[parts[number - 1]].setdefault(SEARCHED[kind], []).append(pk)
