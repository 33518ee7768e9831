"""Limits of a mount that hold over all processes."""

import struct
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from apps.ffmpeg.messages import ProbeRequest
from apps.ffmpeg.pool import MediaPool
from apps.library.services.mounts import MountPace
from tests.media import media


@pytest.fixture(autouse=True)
def own_data(settings: Any, tmp_path: Path) -> None:
    settings.MEDIAHUB_DATA_DIR = tmp_path


def test_files_are_opened_no_faster_than_allowed() -> None:
    clip = bytes(media("h264.mp4"))
    pace = MountPace(7, per_second=20)
    began = time.monotonic()

    with MediaPool(children=2, pace=pace) as pool:
        requests = [ProbeRequest(key=n, path=clip) for n in range(7)]
        assert len(list(pool.run(requests))) == 7

    assert time.monotonic() - began >= 6 / 20


def test_processes_share_a_mounts_pace() -> None:
    began = time.monotonic()
    with ThreadPoolExecutor(2) as pool:  # each opens the file for itself, as a process does
        list(pool.map(lambda _n: _open_ten(), range(2)))

    assert time.monotonic() - began >= 19 / 50


def test_other_mounts_have_a_pace_of_their_own() -> None:
    MountPace(7, per_second=0.1).count()

    assert MountPace(8, per_second=0.1).next_at <= time.monotonic()


def test_what_a_restarted_machine_left_is_ignored(tmp_path: Path) -> None:
    (tmp_path / "locks").mkdir()
    far_ahead = time.monotonic() + 10_000
    (tmp_path / "locks" / "mount-7-pace").write_bytes(struct.pack("d", far_ahead))

    assert MountPace(7, per_second=0.1).next_at == 0.0


def _open_ten() -> None:
    pace = MountPace(7, per_second=50)
    for _ in range(10):
        while pace.next_at > time.monotonic():
            time.sleep(0.001)
        pace.count()
