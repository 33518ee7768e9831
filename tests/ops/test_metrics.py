"""Figures for monitors."""

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.core.nvml import CardReading
from apps.jobs.choices import JobState, Queue
from apps.jobs.models import Cluster, QueueMinute
from apps.jobs.services.holds import hold
from apps.machines.models import Machine
from apps.machines.services.sampling import Sample, write_down
from tests.factories import make_job
from tests.machines.factories import WELL, make_card

pytestmark = pytest.mark.django_db

_LINE = re.compile(
    r'(?P<name>[a-z_]+)(\{(?P<labels>([a-z]+="([^"\\]|\\.)*",?)*)\})? (?P<value>-?[0-9.e+-]+)'
)


def read() -> dict[str, float]:
    """Each figure by its name and labels, of a text that has Prometheus' form."""
    response = Client().get("/metrics")
    assert response.status_code == 200
    assert response["Content-Type"].startswith("text/plain; version=0.0.4")
    figures: dict[str, float] = {}
    declared: list[str] = []
    for line in response.content.decode().splitlines():
        if line.startswith("# TYPE "):
            declared.append(line.split()[2])
        if line.startswith("#"):
            continue
        match = _LINE.fullmatch(line)
        assert match, line
        assert match["name"] == declared[-1]
        key = line.rpartition(" ")[0]
        assert key not in figures, "a figure may be told once"
        figures[key] = float(match["value"])
    assert len(declared) == len({*declared})
    return figures


def test_jobs_are_counted_by_queue_state_and_kind() -> None:
    for state in (JobState.QUEUED, JobState.QUEUED, JobState.RUNNING, JobState.SUCCEEDED):
        make_job(state)
    make_job(kind="plugin.gone", queue=Queue.CPU, wait_reason="no room")

    figures = read()

    scans = 'mediahub_jobs{queue="disk",state="%s",kind="library.scan"}'
    assert (figures[scans % "queued"], figures[scans % "running"]) == (2, 1)
    assert scans % "succeeded" not in figures
    assert figures['mediahub_jobs{queue="cpu",state="queued",kind="other"}'] == 1
    assert figures['mediahub_jobs_put_off{queue="cpu"}'] == 1
    assert figures['mediahub_queue_age_seconds{queue="disk"}'] >= 0
    assert figures['mediahub_queue_age_seconds{queue="net"}'] == 0


def test_what_ended_and_what_is_paused() -> None:
    minute = timezone.now().replace(second=0, microsecond=0)
    QueueMinute.objects.create(queue="cpu", minute=minute, succeeded=7, failed=1)
    hold(queue="gpu")

    figures = read()

    assert figures['mediahub_jobs_ended_last_minute{queue="cpu",state="succeeded"}'] == 7
    assert figures["mediahub_sampled_timestamp_seconds"] == minute.timestamp()
    assert figures['mediahub_paused{queue="gpu",kind=""}'] == 1


def test_workers_of_a_machine_are_taken_together() -> None:
    for pid in (1, 2):
        Cluster.objects.create(
            host="nas.1a2b", pid=pid, queue="gpu", slots=2, gates={"library.scan": "hot"}
        )

    figures = read()

    assert figures['mediahub_workers{queue="gpu",machine="nas"}'] == 4
    assert figures['mediahub_workers_busy{queue="gpu",machine="nas"}'] == 0
    assert figures['mediahub_kinds_held{queue="gpu",machine="nas",kind="library.scan"}'] == 2


def look(*cards: CardReading) -> Machine:
    machine = Machine.objects.create(name="nas.1a2b", host="nas")
    write_down(machine, Sample(WELL, cards, driver="580"), now=timezone.now())
    return machine


def test_cards_and_machines_with_what_is_held() -> None:
    machine = look(make_card(temperature_c=85, encoder_sessions=2, slowed=()))

    figures = read()

    card = '{machine="nas",card="GPU-1",name="NVIDIA GeForce RTX 3080"}'
    assert figures[f"mediahub_card_temperature_celsius{card}"] == 85
    assert figures[f"mediahub_card_encoder_sessions{card}"] == 2
    assert figures[f"mediahub_card_session_limit{card}"] == 8
    assert (figures[f"mediahub_card_lost{card}"], figures[f"mediahub_card_slowed{card}"]) == (0, 0)
    held = 'mediahub_machine_held{machine="nas",rule="temperature",card="GPU-1"}'
    assert figures[held] == 1
    assert figures['mediahub_machine_load_per_core{machine="nas"}'] == 0.5
    assert 0 <= figures['mediahub_machine_sample_age_seconds{machine="nas"}'] < 60
    assert machine.holds


def test_what_is_not_known_has_no_line() -> None:
    look(make_card(temperature_c=None))

    text = "".join(read())

    assert "card_temperature" not in text
    assert "card_encoder_percent" not in text
    assert "battery" not in text


def test_names_from_outside_are_escaped() -> None:
    look(make_card(name='Odd "card" \\ of\nours'))

    figures = read()

    assert (
        'mediahub_card_lost{machine="nas",card="GPU-1",name="Odd \\"card\\" \\\\ of ours"}'
        in figures
    )


def test_it_costs_the_same_however_many_jobs_there_are() -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            read()
        return len(asked)

    few = queries()
    for _ in range(20):
        make_job()

    assert queries() == few <= 12
