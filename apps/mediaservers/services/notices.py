"""Writing down what servers are to be told. Nothing is asked here; ``services.telling`` does."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from apps.library.services.paths import shown
from apps.mediaservers.choices import ChangeKind, NoticeState
from apps.mediaservers.models import MediaServer, Notice
from apps.mediaservers.querysets import key_of

_AT_ONCE = 1_000
_MOST_AGAIN = 10_000

# What happened twice before the server heard of it once is told as one change. Servers and
# libraries are held: one that is deleted meanwhile must not be what the caller's commit fails by.
_KEEP = """
    WITH known AS (SELECT id FROM library_library WHERE id = ANY(%(library)s) FOR KEY SHARE)
    INSERT INTO mediaservers_notice AS notice
        (server_id, library_id, path, key, shown, there, change, size_bytes, state, changes,
         attempts, looks, reason, outcome, made_at, changed_at, next_at)
    SELECT server.id, known.id, item.path, item.key, item.shown, '', item.change,
        item.size_bytes, 'waiting', 1, 0, 0, '', '', %(now)s, %(now)s, %(next)s
    FROM unnest(%(server)s::bigint[], %(library)s::bigint[], %(path)s::bytea[], %(key)s::bytea[],
            %(shown)s::text[], %(change)s::text[], %(size)s::bigint[])
        AS item (server_id, library_id, path, key, shown, change, size_bytes)
    JOIN mediaservers_mediaserver server ON server.id = item.server_id
    LEFT JOIN known ON known.id = item.library_id
    ORDER BY server.id, item.key FOR KEY SHARE OF server
    ON CONFLICT (server_id, key) WHERE next_at IS NOT NULL DO UPDATE SET
        change = CASE
            WHEN notice.state <> 'waiting' OR EXCLUDED.change = 'deleted' THEN EXCLUDED.change
            WHEN notice.change = 'created' THEN 'created'
            ELSE 'modified' END,
        made_at = CASE
            WHEN notice.state = 'waiting' THEN notice.made_at ELSE EXCLUDED.made_at END,
        library_id = EXCLUDED.library_id, size_bytes = EXCLUDED.size_bytes, state = 'waiting',
        changes = notice.changes + 1, attempts = 0, looks = 0, reason = '', outcome = '',
        changed_at = EXCLUDED.changed_at, next_at = EXCLUDED.next_at
    RETURNING id
"""


@dataclass(frozen=True, slots=True)
class Change:
    """What happened to a file: ``path`` is absolute, as on this machine.

    ``size_bytes``, if it is known, lets a look-up tell the file from the one that it replaced.
    """

    path: bytes
    kind: Literal["created", "modified", "deleted"]
    library_id: int
    size_bytes: int | None = None


def tell(
    changes: Iterable[Change],
    *,
    servers: "QuerySet[MediaServer] | None" = None,
    now: datetime | None = None,
) -> list[int]:
    """Have media servers told of changes soon; returns the ids of the notices.

    Of ``servers`` (else of all) those are told that are enabled and want the change's library. Only
    rows are written, in the caller's transaction if there is one: nothing is asked of any server
    here, and what is written is told sooner or later, whatever is killed. Changes of one file
    within a while become one. Raises ValueError for a path that is not absolute.
    """
    moment = now or timezone.now()
    wanted = MediaServer.objects.all() if servers is None else servers
    told = [
        (server, {library.pk for library in server.libraries.all()})
        for server in wanted.filter(enabled=True).prefetch_related("libraries").order_by("pk")
    ]
    if not told:
        return []
    latest = {change.path: change for change in _folded(changes)}
    rows = [
        (server.pk, change)
        for server, libraries in told
        for change in latest.values()
        if not libraries or change.library_id in libraries
    ]
    return [
        pk for at in range(0, len(rows), _AT_ONCE) for pk in _keep(rows[at : at + _AT_ONCE], moment)
    ]


def tell_again(notices: "QuerySet[Notice]", *, now: datetime) -> int:
    """Have what is over told once more, without waiting for more to come; returns how many.

    Of a file only the last notice counts, and none of which a newer one is open already.
    """
    over = notices.filter(next_at__isnull=True)
    open_ones = Notice.objects.open().filter(server=OuterRef("server"), key=OuterRef("key"))
    last = over.filter(~Exists(open_ones)).order_by("server", "key", "-pk")
    ids = list(last.distinct("server", "key").values_list("pk", flat=True)[:_MOST_AGAIN])
    with transaction.atomic():
        changed = Notice.objects.filter(pk__in=ids).update(
            state=NoticeState.WAITING, attempts=0, looks=0, reason="", outcome="", next_at=now,
            made_at=now - most_wait(), changed_at=now, ended_at=None,
        )  # fmt: skip
        servers = Notice.objects.filter(pk__in=ids).values("server")
        MediaServer.objects.filter(pk__in=servers).update(not_before=None)
    return int(changed)


def forget_old(*, now: datetime) -> int:
    """Delete what has been over for as long as jobs are kept, at most some thousand at once."""
    old = Notice.objects.filter(ended_at__lt=now - settings.MEDIAHUB_JOB_HISTORY)
    ids = list(old.order_by("ended_at").values_list("pk", flat=True)[:_MOST_AGAIN])
    return int(Notice.objects.filter(pk__in=ids).delete()[0])


def quiet() -> timedelta:
    """How long a server isn't told of anything new before it is told of what there is."""
    return timedelta(seconds=settings.MEDIAHUB_MEDIA_SERVER_WAIT_SECONDS)


def most_wait() -> timedelta:
    """How long changes wait for others at the most."""
    return 3 * quiet()


def _folded(changes: Iterable[Change]) -> Iterable[Change]:
    """One change a file, as the database folds those that come apart."""
    so_far: dict[bytes, Change] = {}
    for change in changes:
        if not change.path.startswith(b"/") or b"\0" in change.path:
            raise ValueError(f"no absolute path: {change.path!r}")
        before = so_far.get(change.path)
        kind = _both(before.kind, change.kind) if before else change.kind
        so_far[change.path] = Change(change.path, kind, change.library_id, change.size_bytes)
    return so_far.values()


def _both(first: str, second: str) -> Any:
    if second == ChangeKind.DELETED:
        return second
    return ChangeKind.CREATED if first == ChangeKind.CREATED else ChangeKind.MODIFIED


def _keep(rows: Sequence[tuple[int, Change]], now: datetime) -> list[int]:
    columns: dict[str, Any] = {
        "server": [pk for pk, _ in rows],
        "library": [change.library_id for _, change in rows],
        "path": [change.path for _, change in rows],
        "key": [key_of(change.path) for _, change in rows],
        "shown": [shown(change.path) for _, change in rows],
        "change": [str(ChangeKind(change.kind)) for _, change in rows],
        "size": [change.size_bytes for _, change in rows],
    }
    with connection.cursor() as cursor:
        cursor.execute(_KEEP, {**columns, "now": now, "next": now + quiet()})
        return [pk for (pk,) in cursor.fetchall()]
