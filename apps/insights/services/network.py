"""Who appears with whom."""

from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b
from typing import Any

from django.core.cache import cache
from django.core.exceptions import EmptyResultSet
from django.db import connection, transaction

from apps.insights.services.communities import communities
from apps.library.models import Performer, PerformerImage
from apps.library.search import Question

MOST_NODES, MOST_EDGES = 5_000, 20_000
DEFAULT_NODES = 500
KEEP_S = 600
_VERSION = 1
_MEMORY = "64MB"
# Videos hold the ids of their performers (kept by triggers), which spares the join with the links.
_NODES = """
SELECT performer, count(*), count(*) OVER ()
FROM ({found}) video, unnest(performer_ids) performer
GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT %s
"""
# of the nodes alone: pairs grow with the square of how many there are
_EDGES = """
SELECT one, other, count(*), count(*) OVER ()
FROM ({found}) video, unnest(performer_ids) one, unnest(performer_ids) other
WHERE cardinality(performer_ids) > 1 AND other > one
    AND one = ANY(%s::bigint[]) AND other = ANY(%s::bigint[])  -- other types are not hashed
GROUP BY 1, 2 HAVING count(*) >= %s ORDER BY 3 DESC, 1, 2 LIMIT %s
"""
_COUNT = "SELECT count(*) FROM library_performer WHERE video_count > 0"


@dataclass(frozen=True, slots=True)
class Node:
    """A performer. ``video_count`` are those of the question's videos that they are in."""

    id: int
    name: str
    label: str
    video_count: int
    favorite: bool
    image: int | None
    community: int


@dataclass(frozen=True, slots=True)
class Network:
    """Performers and, as ``(one, other, weight)``, in how many videos two of them appear together.

    ``matching`` counts all performers of the question, of whom those in most videos were taken;
    ``alone`` those taken who appear with none of the others: they are no nodes. ``edge_count`` is
    how many edges there are, of which the heaviest were taken.
    """

    as_of: datetime
    query: str
    nodes: list[Node] = field(default_factory=list)
    edges: list[tuple[int, int, int]] = field(default_factory=list)
    matching: int = 0
    alone: int = 0
    edge_count: int = 0


def network(question: Question, *, limit: int, least_weight: int) -> Network:
    """At most KEEP_S old."""
    whose = question.asker.user_id if question.node else None
    digest = blake2b(question.text.encode(), digest_size=16).hexdigest()
    key = f"insights.network.{_VERSION}.{whose}.{limit}.{least_weight}.{digest}"
    kept: Network | None = cache.get(key)
    if kept is None:
        kept = make_network(question, limit=limit, least_weight=least_weight)
        cache.set(key, kept, KEEP_S)
    return kept


def make_network(question: Question, *, limit: int, least_weight: int) -> Network:
    """The network of now, by five statements whatever its size."""
    try:
        counts, matching = _counts(question, limit)
        edges, edge_count = _edges(question, list(counts), least_weight)
    except EmptyResultSet:
        return Network(question.asker.now, question.text)
    joined = {pk for one, other, _weight in edges for pk in (one, other)}
    shown = [pk for pk in counts if pk in joined]
    return Network(
        question.asker.now, question.text, _nodes(shown, counts, edges), edges, matching,
        len(counts) - len(shown), edge_count,
    )  # fmt: skip


def _counts(question: Question, limit: int) -> tuple[dict[int, int], int]:
    """Videos by performer, those in most first, and how many performers there are at all."""
    if question.node is None:
        top = Performer.objects.filter(video_count__gt=0).order_by("-video_count", "pk")
        rows = dict(top.values_list("pk", "video_count")[:limit])
        with connection.cursor() as cursor:
            cursor.execute(_COUNT)
            return rows, cursor.fetchone()[0]
    found, parameters = _found(question)
    with connection.cursor() as cursor:
        cursor.execute(_NODES.replace("{found}", found), [*parameters, limit])
        taken = cursor.fetchall()
    return {pk: count for pk, count, _all in taken}, taken[0][2] if taken else 0


def _edges(
    question: Question, ids: list[int], least_weight: int
) -> tuple[list[tuple[int, int, int]], int]:
    found, parameters = _found(question)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL work_mem = '{_MEMORY}'")
        values = [*parameters, ids, ids, least_weight, MOST_EDGES]
        cursor.execute(_EDGES.replace("{found}", found), values)
        rows = cursor.fetchall()
    return [(one, other, weight) for one, other, weight, _all in rows], rows[0][3] if rows else 0


def _found(question: Question) -> tuple[str, list[Any]]:
    """Raises EmptyResultSet."""
    sql, parameters = question.videos().order_by().values("performer_ids").query.sql_with_params()
    return sql, list(parameters)


def _nodes(ids: list[int], counts: dict[int, int], edges: list[tuple[int, int, int]]) -> list[Node]:
    columns = ("pk", "name", "disambiguation", "favorite")
    rows = Performer.objects.filter(pk__in=ids).values_list(*columns)
    facts = {pk: facts for pk, *facts in rows}
    pictures = PerformerImage.objects.filter(performer__in=ids)
    first = pictures.order_by("performer", "position", "pk").distinct("performer")
    images = dict(first.values_list("performer", "pk"))
    groups = communities(ids, edges)
    return [
        Node(
            pk, name, f"{name} ({other})" if other else name, counts[pk], favorite,
            images.get(pk), groups[pk],
        )
        for pk in ids
        if pk in facts
        for name, other, favorite in [facts[pk]]
    ]  # fmt: skip
