"""How many jobs of each queue run at once on this machine."""

from typing import Any

import pytest

from apps.core.nvml import nvml
from apps.core.render_nodes import render_nodes
from apps.jobs.slots import slots


@pytest.mark.parametrize("number", [0, 3])
def test_as_set(settings: Any, number: int) -> None:
    settings.MEDIAHUB_QUEUES = {"gpu": number}

    assert slots("gpu") == number


def test_of_the_queue_gpu_one_for_each_card_so_none_without(settings: Any) -> None:
    settings.MEDIAHUB_QUEUES = {"gpu": -1}

    assert slots("gpu") == nvml.count() + len(render_nodes())
