"""What keeps the jobs themselves in order."""

from apps.jobs.registry import periodic
from apps.jobs.services import many, upkeep
from apps.jobs.services.batches import RollUp

periodic("jobs.roll_up", every_s=1)(RollUp())
periodic("jobs.take_back_abandoned", every_s=2)(upkeep.LeaseWatch())


@periodic("jobs.recount_waits", every_s=10)
def recount_waits() -> None:
    many.recount_waits()


@periodic("jobs.forget_old", every_s=600)
def forget_old() -> None:
    upkeep.forget_old()
