"""Sessions among threads of one process, as among web processes."""

import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from apps.playback.services.hls import key_frames
from apps.playback.services.hls.place import Place
from apps.playback.services.hls.session import Session
from apps.playback.services.hls.slots import claim, sweep
from tests.playback.serving import LONG, add_video, clip

_IDLE_S = 60.0


def _begin(place: Place) -> Session:
    place.want("stream", 0, order="{}")
    place.drop("stream")  # nothing to encode
    lock = claim(place, most=2, idle_s=_IDLE_S)
    assert lock
    session = Session(place, lock, ahead=8, idle_s=_IDLE_S)
    session.start()
    return session


def test_ends_when_its_folder_is_gone(tmp_path: Path) -> None:
    place = Place(tmp_path / "hls", "a-1")
    session = _begin(place)
    shutil.rmtree(place.folder)

    session.join(2)

    assert not session.is_alive()


def test_leaves_the_folder_of_its_successor_alone(tmp_path: Path) -> None:
    place = Place(tmp_path / "hls", "a-1")
    session = _begin(place)
    shutil.rmtree(place.folder)
    place.want("stream", 3, order="{}")
    lock = claim(place, most=2, idle_s=_IDLE_S)

    session.join(2)

    assert lock
    assert lock.holds()
    wanted = place.wanted()
    assert wanted
    assert wanted.number == 3
    lock.release()


def test_one_owner_at_a_time_however_often_it_ends(tmp_path: Path) -> None:
    """Somebody asks at every moment of a session's end."""
    place = Place(tmp_path / "hls", "a-1")
    over = threading.Event()

    def ask() -> None:
        while not over.is_set():
            place.want("stream", 0, order="{}")

    with ThreadPoolExecutor(1) as pool:
        asking = pool.submit(ask)
        for _ in range(20):
            session = _begin(place)
            session.leaving.set()
            session.join(5)
            assert not session.is_alive()
        over.set()
        asking.result()
    sweep(place.root, idle_s=0)
    assert not place.folder.exists()


@pytest.mark.django_db
def test_key_frames_are_read_once_for_all_who_wait(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = add_video(tmp_path / "library", clip(LONG)).primary_file
    assert file
    file.location  # noqa: B018 - the threads don't share this test's database connection
    asked = []
    read = key_frames._ask
    monkeypatch.setattr(key_frames, "_ask", lambda path: asked.append(path) or read(path))

    with ThreadPoolExecutor(6) as pool:
        found = set(pool.map(lambda _: key_frames.key_frames_ms(file), range(6)))

    assert len(asked) <= 2
    (times,) = found
    assert times[:3] == (0, 2_000, 4_000)
