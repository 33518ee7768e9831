"""Which videos: some by their ids, or all that answer a question."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Self

from django.db import connection
from django.db.models import QuerySet

from apps.core.errors import Conflict
from apps.core.models import AuditEntry
from apps.library.models import Video
from apps.library.search import Question

CHOSEN = "editing_chosen"


class SelectionChanged(Conflict):
    """Another number of videos answers the question by now; nothing was changed."""

    code = "selection_changed"
    field = "count"


@dataclass(frozen=True, slots=True)
class Selection:
    """Videos as a query, which is asked once, when the transaction has begun.

    ``count`` is how many there have to be, if that is known.
    """

    videos: QuerySet[Video]
    count: int | None = None

    @classmethod
    def of_ids(cls, ids: Sequence[int]) -> Self:
        return cls(Video.objects.filter(pk__in=ids))

    @classmethod
    def of_question(
        cls, question: Question, *, but: Sequence[int] = (), count: int | None = None
    ) -> Self:
        """What a question finds, without some."""
        videos = question.videos()
        return cls(videos.exclude(pk__in=but) if but else videos, count)

    def check_count(self, count: int) -> None:
        """Raises SelectionChanged."""
        if self.count not in (None, count):
            raise SelectionChanged(
                f"{count:,} videos answer this by now, not {self.count:,}: look again."
            )


@contextmanager
def chosen(selection: Selection) -> Iterator[int]:
    """A temporary table of the ids, and how many they are. Raises SelectionChanged."""
    query = selection.videos.order_by().values("pk").query
    sql, params = query.sql_with_params()
    with listed(sql, params) as count:
        selection.check_count(count)
        yield count


@contextmanager
def listed(sql: str, params: Any) -> Iterator[int]:
    """A temporary table of the ids that a statement finds, for the transaction or less."""
    with connection.cursor() as cursor:
        cursor.execute(_MAKE)
        cursor.execute(f"INSERT INTO {CHOSEN} SELECT DISTINCT * FROM ({sql}) chosen", params)  # noqa: S608
        count = cursor.rowcount
        cursor.execute(f"ANALYZE {CHOSEN}")
        yield count
        cursor.execute(f"DROP TABLE {CHOSEN}")


def give_half() -> bytes:
    """Let the later half of the chosen go; their ids, as COPY has them."""
    with connection.cursor() as cursor:
        with cursor.copy(_GIVE) as given:
            ids = b"".join(given)
        cursor.execute(f"ANALYZE {CHOSEN}")
        return ids


def take(ids: bytes) -> None:
    """Have these be chosen in this connection, until its transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute(_MAKE)
        with cursor.copy(f"COPY {CHOSEN} FROM STDIN") as taken:
            taken.write(ids)
        cursor.execute(f"ANALYZE {CHOSEN}")


def leave_out(entry: AuditEntry) -> None:
    """Let those go that the entry has changed already."""
    with connection.cursor() as cursor:
        cursor.execute(_LEAVE_OUT, [entry.pk])


_MAKE = f"CREATE TEMPORARY TABLE {CHOSEN} (id bigint) ON COMMIT DROP"
_GIVE = f"""
COPY (DELETE FROM {CHOSEN} WHERE id > (
    SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY id) FROM {CHOSEN}
) RETURNING id) TO STDOUT
"""  # noqa: S608 - a constant
_LEAVE_OUT = f"""
DELETE FROM {CHOSEN} chosen USING core_auditrow done
WHERE done.entry_id = %s AND done.object_id = chosen.id
"""  # noqa: S608 - a constant


def lock_chosen() -> None:
    """Hold the chosen videos until the transaction ends: in the order of their ids, so that two
    that lock the same ones wait for one another, and nothing more."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM (SELECT FROM library_video video"  # noqa: S608 - a constant
            f" WHERE id IN (SELECT id FROM {CHOSEN}) ORDER BY id FOR NO KEY UPDATE) locked"
        )
