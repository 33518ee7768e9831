"""Machines are guarded here, and each test has a data folder of its own for seats."""

from pathlib import Path
from typing import Any

import pytest

from apps.machines.services import sampling


@pytest.fixture(autouse=True)
def _guarded(settings: Any, tmp_path: Path) -> None:
    settings.MEDIAHUB_GUARDS, settings.MEDIAHUB_DATA_DIR = True, tmp_path
    sampling.forget()
