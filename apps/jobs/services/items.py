"""The children of a batch, written by the thousand."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from django.conf import settings
from django.db import connection, models, transaction

from apps.jobs.models import Job
from apps.jobs.registry import Task
from apps.jobs.services.waking import wake

_PORTION = 5_000
# What differs from child to child, and how it is read from the JSON in which all come at once.
_OWN = {
    "item": "item.name", "params": "item.params", "target_type": "item.target_type",
    "target_id": "item.target_id", "lane": "item.lane", "lane_limit": "item.lane_limit",
}  # fmt: skip
_SHAPE = (
    "name text, params jsonb, target_type text, target_id bigint, lane text, lane_limit smallint"
)
_URGENCY = "statement_timestamp() - make_interval(mins => %s)"


@dataclass(frozen=True, slots=True)
class Lane:
    """Something that only so many jobs may use at once, such as a mount or a host."""

    name: str
    limit: int

    @classmethod
    def of_mount(cls, mount: str) -> "Lane":
        return cls(f"mount:{mount}"[:200], settings.MEDIAHUB_JOBS_PER_MOUNT)

    @classmethod
    def of_host(cls, host: str) -> "Lane":
        return cls(f"host:{host}"[:200], settings.MEDIAHUB_JOBS_PER_HOST)


@dataclass(frozen=True, slots=True)
class Item:
    """One piece of a batch. Its ``name`` is unique in the batch, so that none is made twice."""

    name: str
    params: dict[str, Any] = field(default_factory=dict)
    target: models.Model | None = None
    lane: Lane | None = None


def target_of(
    task: Task, params: dict[str, Any], target: models.Model | None = None
) -> tuple[str, int | None]:
    """What a job is about: what it is told, else what its params name; type and id."""
    if target:
        return target._meta.label_lower, target.pk
    if task.target and params.get(task.target[0]):
        return task.target[1], params[task.target[0]]
    return "", None


def insert_children(template: Job, task: Task, items: Iterable[Item]) -> None:
    """Give ``template.parent`` a child like ``template`` for each item that has none there yet.

    PostgreSQL makes the rows of one JSON list: several times as fast as rows that come one by one.
    """
    shared = [f for f in Job._meta.concrete_fields if f.name not in {*_OWN, "id", "uid", "urgency"}]
    columns = ", ".join([*(f'"{f.column}"' for f in shared), *_OWN, "urgency"])
    statement = (
        f"INSERT INTO jobs_job ({columns}) "  # noqa: S608 - of the model's names
        f"SELECT {'%s, ' * len(shared)}{', '.join(_OWN.values())}, {_URGENCY} "
        f"FROM jsonb_to_recordset(%s) AS item ({_SHAPE}) ON CONFLICT DO NOTHING"
    )
    values = [f.get_db_prep_save(getattr(template, f.attname), connection) for f in shared]
    head_start = template.priority * settings.MEDIAHUB_JOB_AGEING_MINUTES
    rest = iter(items)
    while some := list(islice(rest, _PORTION)):
        rows = json.dumps([_row(item, task) for item in some])
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement, [*values, head_start, rows])
            wake(template.queue)


def _row(item: Item, task: Task) -> dict[str, Any]:
    target_type, target_id = target_of(task, item.params, item.target)
    return {
        "name": item.name,
        "params": item.params,
        "target_type": target_type,
        "target_id": target_id,
        "lane": item.lane.name if item.lane else "",
        "lane_limit": item.lane.limit if item.lane else 0,
    }
