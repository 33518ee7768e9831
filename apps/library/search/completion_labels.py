"""Names of labels that hold what somebody has typed, those of the most videos first."""

from django.db import connection, models

from apps.library.models import Performer, Studio, Tag
from apps.library.search.field import Offer

# The pattern is folded by the planner, so that it knows whether few or many names match.
_HOLDING = """
    SELECT %s, {name}, video_count FROM {table}
    WHERE haystack LIKE '%% ' || btrim(library_fold(%s)) || '%%'
    ORDER BY video_count DESC, id LIMIT %s
"""
_MOST_USED = "SELECT %s, {name}, video_count FROM {table} ORDER BY video_count DESC, id LIMIT %s"
_TOLD_APART = """
    name || CASE WHEN disambiguation = '' THEN '' ELSE ' (' || disambiguation || ')' END
"""
FIELDS: dict[str, type[models.Model]] = {"tag": Tag, "performer": Performer, "studio": Studio}


def labels_holding(text: str, *, fields: list[str], limit: int) -> dict[str, list[Offer]]:
    """By field; a word of a name must begin with the text. One statement."""
    found: dict[str, list[Offer]] = {name: [] for name in fields}
    parts: list[str] = []
    parameters: list[str | int] = []
    for name in fields:
        model = FIELDS[name]
        column = _TOLD_APART if model is Performer else "name"
        statement = _HOLDING if text else _MOST_USED
        parts.append(f"({statement.format(name=column, table=model._meta.db_table)})")
        parameters += [name, text, limit] if text else [name, limit]
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts), parameters)
        for name, value, count in cursor.fetchall():
            found[name].append(Offer(value, count=count, is_name=True))
    return found
