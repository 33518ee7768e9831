"""How many jobs of each queue run at once on this machine."""

from functools import cache

import pynvml
from django.conf import settings


def slots(queue: str) -> int:
    """As set; of the queue ``gpu`` by default one for each GPU that there is, so perhaps none."""
    number: int = settings.MEDIAHUB_QUEUES[queue]
    return number if number >= 0 else _gpus()


@cache
def _gpus() -> int:
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:  # no driver
        return 0
    try:
        return int(pynvml.nvmlDeviceGetCount())
    finally:
        pynvml.nvmlShutdown()
