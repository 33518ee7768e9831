"""A scan, from the button to the last file, with a worker in a process of its own."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from apps.library.models import File, Video
from apps.library.services.libraries import add_library
from tests.sounds import write_wav

FILES = 300
ROOT = Path(__file__).parents[2]
_TO_THE_END_MS = 60_000
pytestmark = pytest.mark.browser


@pytest.fixture
def worker(live_server: object) -> Iterator[None]:
    """A worker of the queue ``disk`` on the test's own database."""
    process = subprocess.Popen(
        [sys.executable, "manage.py", "worker", "disk"],
        cwd=ROOT, env=dict(os.environ), start_new_session=True,
    )  # fmt: skip
    yield
    process.send_signal(signal.SIGTERM)
    try:
        code = process.wait(timeout=30)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        raise
    assert code == 0


def test_the_scan_button_shows_the_way_to_the_end(
    open_page: Callable[..., Page], worker: None, tmp_path: Path
) -> None:
    for number in range(FILES):
        write_wav(tmp_path / f"{number % 5}" / f"{number}.wav", seconds=(number + 100) / 8_000)
    library = add_library(tmp_path, name="Sounds")
    page = open_page(f"/admin/library/library/{library.pk}/")

    page.get_by_role("button", name="Scan", exact=True).click()

    bar = page.get_by_role("progressbar", name="Scan")
    expect(bar).to_be_visible(timeout=_TO_THE_END_MS)  # the worker may still be starting
    expect(bar).to_have_count(0, timeout=_TO_THE_END_MS)
    numbers = page.locator(".mh-numbers > div").first
    expect(numbers).to_have_text(re.compile(rf"{FILES}\s+videos"))
    page.get_by_role("link", name="just now").click()
    expect(numbers).to_have_text(re.compile(rf"{FILES}\s+added"))
    assert File.objects.count() == Video.objects.count() == FILES
