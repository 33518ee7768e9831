"""``manage.py stashbox_standin``."""

import io
import os
import re
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.core.management import CommandError, call_command

from apps.artifacts.choices import Grade
from apps.artifacts.models import Fingerprint
from tests.factories import make_file, make_video
from tests.stashbox.standin import KEY, Data
from tests.stashbox.standin.invented import Known, invent

FIXTURE = Path(__file__).parents[2] / "fixtures" / "stashbox.json"
SEARCH = "query S($term: String!) { searchScenes(term: $term) { scenes { title } } }"
FIND = """query F($prints: [[FingerprintQueryInput!]!]!) {
  findScenesBySceneFingerprints(fingerprints: $prints) {
    title studio { name parent { name } } } }"""


def run(ask: Callable[[str], Any], *arguments: str) -> tuple[Any, str]:
    """Start the command, ask it, stop it as a service manager does: the answer, and its words."""
    out, answers = io.StringIO(), []

    def client() -> None:
        try:
            deadline = time.monotonic() + 20
            while "API key" not in out.getvalue() and time.monotonic() < deadline:
                time.sleep(0.01)
            answers.append(ask(re.findall(r"http\S+", out.getvalue())[0]))
        finally:
            os.kill(os.getpid(), signal.SIGTERM)

    asking = threading.Thread(target=client)
    asking.start()
    call_command("stashbox_standin", "--port", "0", *arguments, stdout=out)
    asking.join()
    return answers[0], out.getvalue()


def post(url: str, query: str, **variables: Any) -> Any:
    sent = {"query": query, "variables": variables}
    answer = httpx.post(url, json=sent, headers={"ApiKey": KEY}, trust_env=False)
    return answer.json()["data"]


def test_answers_from_a_file_until_told() -> None:
    before = signal.getsignal(signal.SIGTERM)

    answer, words = run(lambda url: post(url, SEARCH, term="ferry"), "--from", str(FIXTURE))

    assert answer["searchScenes"]["scenes"] == [{"title": "The Last Ferry"}]
    assert "Stopped." in words
    assert KEY in words
    assert signal.getsignal(signal.SIGTERM) == before


def test_the_data_that_is_there_is_whole() -> None:
    data = Data.load(FIXTURE)

    assert (len(data.scenes), len(data.performers), len(data.studios)) == (5, 5, 4)
    assert data.matching([{"algorithm": "PHASH", "hash": "c3d2a55a1e963c69"}], distance=0)


@pytest.mark.django_db
def test_makes_up_scenes_for_the_videos_here() -> None:
    for number in range(40):
        file = make_file(
            f"films/some_film-{number}.mp4".encode(), oshash=f"{number + 1:016x}",
            content=f"{number:032x}", duration_ms=61_400,
        )  # fmt: skip
        make_video(file=file)
        grade = Grade.FLAT if number == 7 else Grade.STANDARD
        Fingerprint.objects.create(content=file.content, phash=number - 20, grade=grade)

    def ask(url: str) -> list[list[dict[str, Any]]]:
        asked = [[{"algorithm": "OSHASH", "hash": f"{each + 1:016x}"}] for each in range(40)]
        found: list[list[dict[str, Any]]] = post(url, FIND, prints=asked)[
            "findScenesBySceneFingerprints"
        ]
        return found

    found, words = run(ask, "--for-library")

    counts = {len(scenes) for scenes in found}
    assert counts == {0, 1, 2}
    assert all(
        scene["title"].startswith(f"Some film {number}")
        and scene["studio"]["parent"] == {"name": "Invented Pictures"}
        for number, scenes in enumerate(found)
        for scene in scenes
    )
    assert re.search(r"Made up \d\d scenes", words)


def test_makes_up_the_same_each_time() -> None:
    films = [
        Known(f"film {each}", [("OSHASH", f"{each:016x}", 60), ("PHASH", f"{each:016x}", 60)])
        for each in range(1, 60)
    ]
    one, other = Data(), Data()

    assert invent(one, films) == invent(other, films) > 40
    assert one.scenes == other.scenes
    shown = [
        tuple(each["algorithm"] for each in scene["fingerprints"]) for scene in one.scenes.values()
    ]
    assert {("OSHASH", "PHASH"), ("PHASH",)} == set(shown)
    assert invent(one, [Known("nothing is known", [])]) == 0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "cannot be read"),
        ("{", "is no data of a stand-in"),
        ("[]", "is no data of a stand-in"),
        ('{"scenes": [{"colour": 1}]}', "A scene has no colour"),
        ('{"scenes": [{"studio": "lost"}]}', "There is no lost"),
        ('{"tags": [{}]}', "is no data of a stand-in"),
    ],
)
def test_says_what_is_wrong_with_the_data(tmp_path: Path, text: str | None, message: str) -> None:
    file = tmp_path / "data.json"
    if text is not None:
        file.write_text(text)

    with pytest.raises(CommandError, match=message):
        call_command("stashbox_standin", "--from", str(file))


def test_says_that_a_port_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])

        with pytest.raises(CommandError, match=f"Port {port} cannot be used"):
            call_command("stashbox_standin", "--port", port)


def test_says_what_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tests.stashbox.standin", None)

    with pytest.raises(CommandError, match=r"requirements/dev\.txt"):
        call_command("stashbox_standin")
