"""Figures for monitors, as Prometheus reads them: text, a line for each.

All come from the database at the time of asking: several web processes share no counters, so that a
client library, which keeps them in the process, would tell a part. What isn't known has no line.
Labels are names of queues, states, kinds, machines and cards: their number is bounded.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db.models import Count

from apps.jobs.choices import ACTIVE, JobState
from apps.jobs.models import Hold, Job, QueueMinute
from apps.jobs.registry import all_tasks
from apps.jobs.services.clusters import clusters
from apps.machines.guard import Level
from apps.machines.models import Machine
from apps.machines.services.gates import holds_of
from apps.machines.services.state import CardNow, cards_now, host_now
from apps.ops.services.status import queue_depths

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_MOST_MACHINES = 100
_OTHER = "other"

Labels = Mapping[str, str]
Sample = tuple[Labels, float | None]


@dataclass(frozen=True, slots=True)
class Metric:
    """A figure under its name, with what it is in a few words, once for each set of labels."""

    name: str
    told: str
    samples: list[Sample]

    def lines(self) -> Iterator[str]:
        known = [(labels, value) for labels, value in self.samples if value is not None]
        if not known:
            return
        yield f"# HELP mediahub_{self.name} {self.told}"
        yield f"# TYPE mediahub_{self.name} gauge"
        for labels, value in known:
            inner = ",".join(f'{name}="{_escape(text)}"' for name, text in labels.items())
            yield f"mediahub_{self.name}{inner and f'{{{inner}}}'} {_number(value)}"


def metrics_text(*, now: datetime) -> str:
    """Everything, in a handful of queries."""
    found = [*_jobs(now), *_ended(), *_workers(), *_machines(now)]
    return "\n".join(line for metric in found for line in metric.lines()) + "\n"


def _jobs(now: datetime) -> Iterator[Metric]:
    known = {task.name for task in all_tasks()}
    counted: dict[tuple[str, str, str], int] = {}
    active = Job.objects.filter(state__in=ACTIVE).order_by()
    for queue, state, kind, number in active.values_list("queue", "state", "kind").annotate(
        number=Count("pk")
    ):
        key = queue, state, kind if kind in known else _OTHER
        counted[key] = counted.get(key, 0) + number
    yield Metric(
        "jobs", "Jobs that haven't ended, parts of batches among them.",
        [({"queue": q, "state": s, "kind": k}, n) for (q, s, k), n in sorted(counted.items())],
    )  # fmt: skip
    put_off = Job.objects.filter(state=JobState.QUEUED).exclude(wait_reason="").order_by()
    by_queue = dict(put_off.values_list("queue").annotate(number=Count("pk")))
    yield Metric(
        "jobs_put_off", "Waiting jobs that were put off with a reason.",
        [({"queue": queue}, by_queue.get(queue, 0)) for queue in settings.MEDIAHUB_QUEUES],
    )  # fmt: skip
    yield Metric(
        "queue_age_seconds", "For how long the oldest job that may start has been due.",
        [({"queue": q}, depth["waiting_s"]) for q, depth in queue_depths(now).items()],
    )  # fmt: skip
    holds = Hold.objects.values_list("queue", "kind")
    yield Metric(
        "paused", "Queues and kinds of jobs that a person paused.",
        _sum(({"queue": q, "kind": k if not k or k in known else _OTHER}, 1) for q, k in holds),
    )  # fmt: skip


def _ended() -> Iterator[Metric]:
    last = QueueMinute.objects.order_by("-minute").values_list("minute", flat=True)[:1]
    rows = list(QueueMinute.objects.filter(minute__in=last))
    yield Metric(
        "jobs_ended_last_minute", "Jobs that ended in the last whole minute.",
        [
            ({"queue": row.queue, "state": state}, getattr(row, state))
            for row in rows
            for state in ("succeeded", "failed", "cancelled")
        ],
    )  # fmt: skip
    yield Metric(
        "sampled_timestamp_seconds", "The last minute that the scheduler wrote down.",
        [({}, rows[0].minute.timestamp())] if rows else [],
    )  # fmt: skip


def _workers() -> Iterator[Metric]:
    views = clusters()
    labels = [{"queue": view.row.queue, "machine": _host(view.row.host)} for view in views]
    yield Metric(
        "workers", "Worker processes that there should be.",
        _sum(zip(labels, [view.row.slots for view in views], strict=True)),
    )  # fmt: skip
    yield Metric(
        "workers_busy", "Worker processes that have a job.",
        _sum(zip(labels, [view.busy for view in views], strict=True)),
    )  # fmt: skip
    known = {task.name for task in all_tasks()}
    shut = [
        ({**label, "kind": kind if kind in known else _OTHER}, 1)
        for label, view in zip(labels, views, strict=True)
        for kind in view.row.gates
    ]
    yield Metric("kinds_held", "Clusters that start none of a kind of jobs for now.", _sum(shut))


def _machines(now: datetime) -> Iterator[Metric]:
    listed = Machine.objects.seen_lately(now=now).order_by("host", "-sampled_at")
    machines = list(listed.distinct("host")[:_MOST_MACHINES])
    hosts = [({"machine": each.host}, host_now(each)) for each in machines]
    yield Metric(
        "machine_sample_age_seconds", "How long ago a machine last looked at itself.",
        [
            ({"machine": each.host}, (now - each.sampled_at).total_seconds())
            for each in machines
            if each.sampled_at
        ],
    )  # fmt: skip
    for name, told in _OF_HOSTS.items():
        values: list[Sample] = [(labels, getattr(host, name)) for labels, host in hosts if host]
        yield Metric(f"machine_{name}", told, values)
    yield Metric(
        "machine_held", "Rules that hold work back: 1 nothing new, 2 work stands still.",
        [
            ({"machine": each.host, "rule": held.rule, "card": held.card}, held.level)
            for each in machines
            for held in holds_of(each, least=Level.HOLD)
        ],
    )  # fmt: skip
    yield from _cards([
        ({"machine": each.host, "card": card.id, "name": card.name}, card)
        for each in machines
        for card in cards_now(each)
    ])  # fmt: skip


def _cards(cards: list[tuple[Labels, CardNow]]) -> Iterator[Metric]:
    for name, (attribute, told) in _OF_CARDS.items():
        values: list[Sample] = [(label, getattr(c.reading, attribute)) for label, c in cards]
        yield Metric(f"card_{name}", told, values)
    yield Metric(
        "card_session_limit", "Sessions that a card may have at once.",
        [(labels, card.session_limit) for labels, card in cards],
    )  # fmt: skip
    yield Metric(
        "card_slowed", "1 while a card is slowed down by heat or want of power.",
        [
            (labels, None if card.reading.slowed is None else float(bool(card.reading.slowed)))
            for labels, card in cards
        ],
    )  # fmt: skip


_OF_HOSTS = {
    "load_per_core": "Processes that want to run, for each core.",
    "memory_bytes": "Memory of the machine, or of its container.",
    "memory_available_bytes": "Memory that is available.",
    "on_battery": "1 while there is no mains power; none without a battery.",
    "battery_percent": "Charge of the battery.",
    "disk_free_bytes": "What is free in the data folder.",
}
_OF_CARDS = {
    "lost": ("lost", "1 for a card that fell off the bus."),
    "temperature_celsius": ("temperature_c", "Its temperature."),
    "slowdown_celsius": ("slowdown_c", "Where it slows itself down."),
    "memory_bytes": ("memory_bytes", "Memory of a card."),
    "memory_free_bytes": ("memory_free_bytes", "Memory that is free on a card."),
    "load_percent": ("gpu_percent", "How busy a card is."),
    "encoder_percent": ("encoder_percent", "How busy its encoder is."),
    "decoder_percent": ("decoder_percent", "How busy its decoder is."),
    "encoder_sessions": ("encoder_sessions", "Sessions of its encoder, of all programs."),
    "power_watts": ("power_w", "What it takes."),
}


def _sum(samples: Iterable[tuple[dict[str, str], float]]) -> list[Sample]:
    """One for each set of labels: a queue may have several clusters on a machine."""
    sums: dict[tuple[tuple[str, str], ...], float] = {}
    for labels, value in samples:
        key = tuple(labels.items())
        sums[key] = sums.get(key, 0) + value
    return [(dict(key), value) for key, value in sums.items()]


def _host(place: str) -> str:
    """Without what changes with each start."""
    return place.rpartition(".")[0] or place


def _escape(text: str) -> str:
    return re.sub(r"[\x00-\x1f]", " ", text).replace("\\", r"\\").replace('"', r"\"")


def _number(value: float) -> str:
    return str(int(value)) if float(value).is_integer() else repr(float(value))
