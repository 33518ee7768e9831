"""Workers that are really killed, at any moment of a transcode: the next one finishes it."""

import random
import time
from pathlib import Path

import pytest
from django.conf import settings

from apps.transcodes.choices import Outcome
from apps.transcodes.models import Transcode
from tests.rigs import deeds
from tests.rigs.forked import Forked
from tests.transcodes.conftest import Asked, in_catalogue, on_disk, video_of

KILLS = 5
pytestmark = pytest.mark.django_db(transaction=True)


def test_killed_at_any_moment_either_file_is_whole(asked: Asked, root: Path) -> None:
    source = root / "a folder" / "xvid.avi"
    before = source.read_bytes()
    transcode = asked("xvid.avi")
    chance = random.Random(20_261_122)

    for _ in range(KILLS):
        worker = Forked(deeds.transcode, transcode.pk, MEDIAHUB_DATA_DIR=settings.MEDIAHUB_DATA_DIR)
        time.sleep(0.3 + 1.2 * chance.random())
        worker.kill()
        worker.wait()
        assert before in [path.read_bytes() for path in root.rglob("*") if path.is_file()]
    last = Forked(deeds.transcode, transcode.pk, MEDIAHUB_DATA_DIR=settings.MEDIAHUB_DATA_DIR)
    assert last.wait() == 0

    done = Transcode.objects.get()
    assert done.outcome == Outcome.DONE
    assert video_of("xvid.mp4").video_codec == "h264"
    assert {path for path in on_disk(root) if "trash" not in path} == in_catalogue()
    assert (root / bytes(done.trash or b"").decode()).read_bytes() == before
