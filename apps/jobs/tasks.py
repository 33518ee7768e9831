"""What keeps the jobs themselves in order."""

from django.utils import timezone

from apps.jobs.registry import periodic
from apps.jobs.services import clusters, events, many, schedules, statistics, upkeep
from apps.jobs.services.batches import RollUp

periodic("jobs.roll_up", every_s=1)(RollUp())
periodic("jobs.take_back_abandoned", every_s=2)(upkeep.LeaseWatch())


@periodic("jobs.start_due", every_s=1)
def start_due() -> None:
    upkeep.start_due()


@periodic("jobs.recount_waits", every_s=10)
def recount_waits() -> None:
    many.recount_waits()
    upkeep.fail_hopeless()


@periodic("jobs.put_in_order", every_s=1)
def put_in_order() -> None:
    """Whoever listens does it more often; this is for when nobody does."""
    events.put_in_order()


@periodic("jobs.forget_events", every_s=60)
def forget_events() -> None:
    events.forget_old(now=timezone.now())


@periodic("jobs.forget_old", every_s=600)
def forget_old() -> None:
    upkeep.forget_old()


@periodic("jobs.forget_stray_logs", every_s=3600)
def forget_stray_logs() -> None:
    upkeep.forget_stray_logs()


@periodic("jobs.run_schedules", every_s=1)
def run_schedules() -> None:
    schedules.run_due()


@periodic("jobs.sample_minute", every_s=10)
def sample_minute() -> None:
    statistics.sample_minute(now=timezone.now())


@periodic("jobs.forget_clusters", every_s=60)
def forget_clusters() -> None:
    clusters.forget_clusters(now=timezone.now())
