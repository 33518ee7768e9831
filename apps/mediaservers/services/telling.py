"""Telling one server what has changed, by as few requests as its protocol has."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Count, Max, Min, Q

from apps.core.errors import MediaHubError
from apps.core.progress import Progress, silent
from apps.mediaservers import mapping
from apps.mediaservers.choices import ChangeKind, NoticeState
from apps.mediaservers.clients import Client, Place, ServerError, Update, connect
from apps.mediaservers.models import MediaServer, Notice
from apps.mediaservers.services import looking, outcomes
from apps.mediaservers.services.notices import most_wait, quiet
from apps.mediaservers.services.outcomes import Result

_AT_ONCE = 200
_MOST_PORTIONS = 25
Guard = Callable[[], AbstractContextManager[Any]]

_CANT = {
    "unmapped": "No rule of the path map is for this file, so it can't be said where it is there.",
    "shadowed": "By the path map this is another file there: its place is taken by another rule.",
    "unnameable": "The file's name has a backslash, which names on Windows can't have.",
}


class ServerNotTold(MediaHubError):
    """A server could not be told; all that it is to be told is kept, and told later."""

    code = "server_not_told"
    status = 502


@dataclass(slots=True)
class Told:
    """Of how many files a server was told, how many it had taken in, and how many have failed."""

    told: int = 0
    confirmed: int = 0
    failed: int = 0

    def add(self, results: Sequence[Result]) -> None:
        self.told += sum(each.told for each in results)
        self.confirmed += sum(each.state == NoticeState.CONFIRMED for each in results)
        self.failed += sum(each.state == NoticeState.FAILED for each in results)

    def __str__(self) -> str:
        said = (("told of", self.told), ("taken in", self.confirmed), ("failed", self.failed))
        return ", ".join(f"{number:,} {what}" for what, number in said if number) or "nothing new"


@dataclass(frozen=True, slots=True)
class _Round:
    """What one visit to a server works with."""

    server: MediaServer
    client: Client
    places: list[Place] | None
    now: datetime
    job_id: int | None
    guard: Guard
    told: Told

    def keep(self, results: Sequence[Result]) -> None:
        with self.guard():
            outcomes.write(results, now=self.now, job_id=self.job_id)
        self.told.add(results)


def due_servers(*, now: datetime) -> list[int]:
    """Ids of the servers for which there is something to do, by one query.

    New changes wait until there were none for a while, but no longer than three times as long.
    """
    fresh = Q(state=NoticeState.WAITING, attempts=0)
    ready = Q(server__not_before__isnull=True) | Q(server__not_before__lte=now)
    rows = (
        Notice.objects.open()
        .filter(ready, server__enabled=True)
        .values("server")
        .annotate(
            others=Count("pk", filter=~fresh & Q(next_at__lte=now)),
            first=Min("made_at", filter=fresh), last=Max("changed_at", filter=fresh),
        )
        .order_by("server")
    )  # fmt: skip
    return [row["server"] for row in rows if row["others"] or _may_go(row, now)]


def tell_server(
    server: MediaServer,
    *,
    now: datetime,
    job_id: int | None = None,
    report: Progress = silent,
    guard: Guard = transaction.atomic,
) -> Told:
    """Tell a server all that is due, and look up what it was told before.

    What became of each portion is kept as soon as it was told: whoever is killed in between tells
    that portion twice, which does no harm. Raises ServerNotTold.
    """
    told = Told()
    if server.pk not in due_servers(now=now):
        return told
    try:
        with connect(server) as client:
            visit = _Round(server, client, client.places(), now, job_id, guard, told)
            _tell(visit, report)
            _look_up(visit, report)
    except ServerError as error:
        with guard():
            again = outcomes.failed(server, error, now=now, job_id=job_id)
        raise ServerNotTold(f"{error} It is asked again after {again:%H:%M:%S} UTC.") from error
    with guard():
        outcomes.answered(server, f"It answered: {told}.", now=now)
    return told


def _may_go(row: dict[str, Any], now: datetime) -> bool:
    """Whether what was never told has waited long enough for more to come."""
    if row["first"] is None:
        return False
    return bool(row["last"] <= now - quiet() or row["first"] <= now - most_wait())


def _tell(visit: _Round, report: Progress) -> None:
    waiting = visit.server.notices.filter(state=NoticeState.WAITING)
    row = waiting.aggregate(
        first=Min("made_at", filter=Q(attempts=0)), last=Max("changed_at", filter=Q(attempts=0))
    )
    due = Q(attempts__gt=0, next_at__lte=visit.now)
    wanted = waiting.filter(due | Q(attempts=0) if _may_go(row, visit.now) else due).order_by("pk")
    path_map = mapping.PathMap.of(visit.server.path_map)
    last = 0
    for _ in range(_MOST_PORTIONS):
        portion = list(wanted.filter(pk__gt=last)[:_AT_ONCE])
        if not portion:
            return
        last = portion[-1].pk
        _tell_portion(visit, portion, path_map)
        report(visit.told.told)


def _tell_portion(visit: _Round, portion: Sequence[Notice], path_map: mapping.PathMap) -> None:
    updates: dict[str, Update] = {}
    results: list[Result] = []
    for notice in portion:
        mapped = path_map.forward(bytes(notice.path))
        reason, outcome = _cannot(visit, mapped)
        if reason:
            failed = Result(
                notice, NoticeState.FAILED, outcome, reason, there=mapped.there, looks=notice.looks
            )
            results.append(failed)
            continue
        change = ChangeKind(notice.change) if mapped.whole else ChangeKind.MODIFIED
        updates[mapped.there] = Update(mapped.there, change)
        results.append(looking.after_telling(visit.server, notice, mapped, now=visit.now))
    if updates:
        visit.client.tell(list(updates.values()), visit.places or [])
    visit.keep(results)


def _cannot(visit: _Round, mapped: mapping.Mapped) -> tuple[str, str]:
    """Why a server can't be told of a file at all: a word and a sentence."""
    if mapped.reason:
        return mapped.reason, _CANT[mapped.reason]
    if visit.places is not None and not any(
        mapping.is_within(mapped.there, place.path) for place in visit.places
    ):
        return "outside", (
            f"None of the folders that {visit.server} shows contains {mapped.there[:500]}. "
            "Look at the path map, and at the libraries there."
        )
    return "", ""


def _look_up(visit: _Round, report: Progress) -> None:
    due = visit.server.notices.filter(state=NoticeState.TOLD, next_at__lte=visit.now).order_by("pk")
    last = 0
    for _ in range(_MOST_PORTIONS):
        portion = list(due.filter(pk__gt=last)[:_AT_ONCE])
        if not portion:
            return
        last = portion[-1].pk
        visit.keep(
            looking.look_up(visit.client, visit.server, portion, visit.places or [], now=visit.now)
        )
        report(visit.told.told)
