"""What keeps the machines' rows up to date while nobody asks."""

from django.conf import settings
from django.utils import timezone

from apps.jobs.registry import periodic
from apps.machines.services import own, sampling


@periodic("machines.sample", every_s=10)
def sample() -> None:
    """Where no worker asks for it, so that the pages and the metrics have something to tell."""
    if settings.MEDIAHUB_GUARDS:
        sampling.latest()


@periodic("machines.forget", every_s=3600)
def forget() -> None:
    own.forget_machines(now=timezone.now())
