"""The tasks: which functions do the work of which kinds of jobs."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from django.apps import apps

from apps.core.errors import MediaHubError
from apps.jobs.choices import Queue

Work = Callable[..., dict[str, Any]]
Gate = Callable[[], str]


class UnknownTask(MediaHubError):
    """No installed app declares the task."""

    code = "unknown_task"


@dataclass(frozen=True, slots=True)
class Rules:
    """What a task says of its retries and time; ``None`` leaves it to the settings (see policy)."""

    attempts: int | None = None
    retry_s: int | None = None
    retry_factor: int | None = None
    retry_most_s: int | None = None
    time_limit_s: int | None = None


@dataclass(frozen=True, slots=True)
class Task:
    """``work`` takes a JobContext and the job's params by keyword; returns the summary (JSON).

    ``target`` names a param and the model whose id it is: ``("library_id", "library.library")``.
    ``schedulable``: whoever may control jobs may ask for it with any params, again and again. Never
    for what deletes, or what is checked when it is asked for.
    ``gate`` says in a few words why no worker on this machine is to start one now, or nothing. It
    is asked before every claim: it must be quick.
    """

    name: str
    title: str
    queue: Queue
    unit: str
    work: Work
    rules: Rules = Rules()
    target: tuple[str, str] | None = None
    schedulable: bool = False
    gate: Gate | None = None


@dataclass(frozen=True, slots=True)
class Periodic:
    """Something small, such as enqueueing what is due, that the scheduler calls again and again."""

    name: str
    every_s: float
    call: Callable[[], object]


_tasks: dict[str, Task] = {}
_periodics: dict[str, Periodic] = {}


def task(
    name: str,
    *,
    title: str,
    queue: Queue,
    unit: str = "items",
    rules: Rules = Rules(),
    target: tuple[str, str] | None = None,
    schedulable: bool = False,
    gate: Gate | None = None,
) -> Callable[[Work], Task]:
    """Declare a task: ``@task("library.scan", …)`` in an app's ``tasks.py``."""

    def declare(work: Work) -> Task:
        if name in _tasks:
            raise ValueError(f"two tasks are named {name}")
        _tasks[name] = Task(name, title, queue, unit, work, rules, target, schedulable, gate)
        return _tasks[name]

    return declare


def periodic(name: str, *, every_s: float) -> Callable[[Callable[[], object]], Periodic]:
    """Declare what ``manage.py scheduler`` calls every so many seconds."""

    def declare(call: Callable[[], object]) -> Periodic:
        _periodics[name] = Periodic(name=name, every_s=every_s, call=call)
        return _periodics[name]

    return declare


def find_task(name: str) -> Task:
    """Raises UnknownTask."""
    try:
        return _tasks[name]
    except KeyError:
        raise UnknownTask(f"No task is named {name}: is its plug-in still installed?") from None


def all_tasks() -> list[Task]:
    return sorted(_tasks.values(), key=lambda task: task.name)


def all_periodics() -> list[Periodic]:
    return list(_periodics.values())


def import_tasks() -> None:
    """Import ``tasks.py`` and ``receivers.py`` of every installed app, once all are loaded."""
    for config in apps.get_app_configs():
        for module in ("tasks", "receivers"):
            if find_spec(f"{config.name}.{module}"):
                import_module(f"{config.name}.{module}")
