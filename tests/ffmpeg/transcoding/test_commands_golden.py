"""Each command as one line, so that a change of it is seen. ``UPDATE_GOLDEN=1`` writes them anew.

What all ways of a plan have in common at the end (sound, texts, container) stands once.
"""

import os
from itertools import takewhile
from pathlib import Path

import pytest

from apps.ffmpeg.transcoding.commands import chunk_command, sidecar_command
from apps.ffmpeg.transcoding.plans import Rung, SubtitleDeed
from apps.ffmpeg.transcoding.shipped import SHIPPED, Shipped
from apps.ffmpeg.transcoding.spec import Container, Spec, TextSubtitles, VideoCodec
from tests.ffmpeg.transcoding.commanded import as_line, line, planned, rungs, sources

_FOLDER = Path(__file__).parent / "golden"
_REDUCED_FOR = "film"  # fewer options are fewer options, whatever the film


@pytest.mark.parametrize("profile", SHIPPED, ids=lambda one: one.slug)
def test_profiles(profile: Shipped) -> None:
    _compare(profile.slug, _written(profile.spec))


def test_webm() -> None:
    """No shipped profile makes VP9."""
    spec = Spec(
        container=Container.WEBM, video_codec=VideoCodec.VP9, audio_codec="opus", level="4.1",
        copy_audio=("opus",), max_bitrate=8_000_000, max_width=1920, max_height=1080,
    )  # fmt: skip
    _compare("webm", _written(Spec.from_json(spec.to_json())))


def test_chunks() -> None:
    spec = SHIPPED[0].spec
    made = planned(sources()["film"], spec)
    text = [
        as_line(chunk_command(
            made, spec, rung, program="ffmpeg", source=b"/in/a", output=b"/out/a", start=start,
            end=end,
        ))
        for rung in (Rung("libx264"), Rung("h264_nvenc", decoder="cuda", device="1", card="x"))
        for start, end in ((0.0, 60.0), (60.0, 120.5), (120.5, None))
    ]  # fmt: skip
    _compare("chunks", text)


def test_sidecars() -> None:
    spec = Spec(text_subtitles=TextSubtitles.SIDECAR)
    made = planned(sources()["film"], spec)
    beside = [one for one in made.subtitles if one.deed is SubtitleDeed.SIDECAR]

    lines = [
        as_line(sidecar_command(
            made, one, program="ffmpeg", source=b"/in/-a.mkv", output=b"/out/a.eng.vtt",
        ))
        for one in beside
    ]  # fmt: skip

    _compare("sidecars", lines)


def _written(spec: Spec) -> list[str]:
    text: list[str] = []
    for name, facts in sources().items():
        made = planned(facts, spec)
        ways = {
            way: line(made, spec, rung)
            for way, rung in rungs(made)
            if not rung.reduced or name == _REDUCED_FOR
        }
        end = _common_end(list(ways.values()))
        text += [f"{name} | {way}: {words[: len(words) - len(end)]}" for way, words in ways.items()]
        text.append(f"{name} | then:{end}")
    return text


def _common_end(lines: list[str]) -> str:
    """Whole words that all lines end with; none of a single line."""
    backwards = zip(*(reversed(one.split(" ")) for one in lines), strict=False)
    same = list(takewhile(lambda words: len(set(words)) == 1, backwards))
    return " " + " ".join(words[0] for words in reversed(same)) if len(lines) > 1 else ""


def _compare(name: str, text: list[str]) -> None:
    file = _FOLDER / f"{name}.txt"
    now = "".join(f"{one}\n" for one in text)
    if os.getenv("UPDATE_GOLDEN"):
        file.parent.mkdir(exist_ok=True)
        file.write_text(now)
    assert now.splitlines() == file.read_text().splitlines()
