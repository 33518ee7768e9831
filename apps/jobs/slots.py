"""How many jobs of each queue run at once on this machine."""

from functools import cache

from django.conf import settings

from apps.core.nvml import nvml
from apps.core.render_nodes import render_nodes


def slots(queue: str) -> int:
    """As set; of the queue ``gpu`` by default one for each graphics card, so perhaps none."""
    number: int = settings.MEDIAHUB_QUEUES[queue]
    return number if number >= 0 else _cards()


@cache
def _cards() -> int:
    return nvml.count() + len(render_nodes())
