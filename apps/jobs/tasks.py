"""What keeps the jobs themselves in order."""

from django.utils import timezone

from apps.jobs.registry import periodic
from apps.jobs.services import upkeep


@periodic("jobs.requeue_abandoned", every_s=5)
def requeue_abandoned() -> None:
    upkeep.requeue_abandoned(now=timezone.now())


@periodic("jobs.forget_old", every_s=600)
def forget_old() -> None:
    upkeep.forget_old(now=timezone.now())
