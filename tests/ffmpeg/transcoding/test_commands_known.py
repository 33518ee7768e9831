"""What cards' encoders and filters are told is known to the ffmpegs that list them: by their help,
since there is no card to run them on.
"""

import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache

import pytest

from apps.ffmpeg.transcoding.commands.encoders import Task, family, settings
from apps.ffmpeg.transcoding.commands.filters import picture
from apps.ffmpeg.transcoding.commands.reading import stays_on_card
from apps.ffmpeg.transcoding.plans import Rung, VideoPlan
from apps.ffmpeg.transcoding.spec import RateControl, Spec, Speed, VideoCodec
from apps.ffmpeg.transcoding.trials import PICTURE
from tests.ffmpeg.transcoding.commanded import programs

_OF_ALL = frozenset({  # what every encoder takes, or ffmpeg itself
    "b", "maxrate", "bufsize", "g", "bf", "refs", "profile", "level", "global_quality",
    "compression_level", "color_primaries", "color_trc", "colorspace", "color_range", "pix_fmt",
    "c", "tag", "q",
})  # fmt: skip
_OPTION = re.compile(r"^\s+-?(\S+)\s+<(\w+)>\s+\S+(.*)$")
_CONSTANT = re.compile(r"^\s{5,}(\S+)\s+-?\d+\s")
_BOUNDS = re.compile(r"\(from (\S+) to (\S+)\)")
_CARDS = [name for name in PICTURE if family(name) in ("nvenc", "qsv", "vaapi")]


@dataclass
class _Option:
    kind: str
    low: float = float("-inf")
    high: float = float("inf")
    constants: set[str] = field(default_factory=set)

    def takes(self, value: str) -> bool:
        if value in self.constants or self.kind in ("string", "pix_fmt", "dictionary"):
            return True
        if self.kind == "boolean":
            return value in ("0", "1")
        try:
            return self.low <= float(value) <= self.high
        except ValueError:
            return False


@cache
def _help(program: str, topic: str) -> dict[str, _Option] | None:
    """The options that an encoder or filter has; None if this ffmpeg doesn't have it at all."""
    shown = subprocess.run(
        [program, "-hide_banner", "-h", topic], capture_output=True, text=True, check=False,
        stdin=subprocess.DEVNULL,
    )  # fmt: skip
    said = shown.stdout + shown.stderr
    if "is not recognized" in said or "Unknown filter" in said:
        return None
    found: dict[str, _Option] = {}
    last = None
    for line in said.splitlines():
        if line.strip().startswith("Supported pixel formats:"):
            found["pix_fmt"] = _Option("int", 0, -1, set(line.partition(":")[2].split()))
        elif option := _OPTION.match(line):
            last = _Option(option[2])
            if bounds := _BOUNDS.search(option[3]):
                last.low, last.high = _bound(bounds[1]), _bound(bounds[2])
            found[option[1]] = last
        elif last is not None and (constant := _CONSTANT.match(line)):
            last.constants.add(constant[1])
    return found


def _bound(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("-inf") if text.startswith("INT_MIN") or text[0] == "-" else float("inf")


def _plans(codec: str) -> Iterator[VideoPlan]:
    profiles = {"h264": ("baseline", "main", "high"), "hevc": ("main", "main10"), "av1": ("main",)}
    for profile in profiles.get(codec, ("",)):
        ten = profile == "main10" and codec == "hevc"
        for level in ("", "4.0", "5.1"):
            yield VideoPlan(
                index=0, copy=False, codec=codec, width=1280, height=720, source_rate=25.0,
                deinterlace=True, pixel_format="yuv420p10le" if ten else "yuv420p",
                source_pixel_format="yuv420p", profile=profile, level=level,
                color=("bt709", "bt709", "bt709"),
            )  # fmt: skip


def _specs(codec: str) -> Iterator[Spec]:
    of = VideoCodec(codec)
    for speed in Speed:
        yield Spec(video_codec=of, speed=speed)
    for quality in (0.0, 51.0):
        yield Spec(video_codec=of, quality=quality, max_bitrate=8_000_000, gop_seconds=2)
    yield Spec(
        video_codec=of, rate_control=RateControl.BITRATE, video_bitrate=4_000_000, tier="high",
        max_b_frames=2, max_reference_frames=4,
    )  # fmt: skip


def _rungs(encoder: str) -> Iterator[Rung]:
    for reduced in (False, True):
        yield Rung(encoder, device="0", card="x", reduced=reduced)


@pytest.mark.parametrize("encoder", _CARDS)
def test_options_of_encoders(encoder: str) -> None:
    told = {
        (words[at].removesuffix(":v:0").removeprefix("-"), words[at + 1])
        for video in _plans(PICTURE[encoder])
        for spec in _specs(PICTURE[encoder])
        for rung in _rungs(encoder)
        for words in [settings(Task(video, spec, rung))]
        for at in range(0, len(words), 2)
    }
    for program in programs().values():
        known = _help(program, f"encoder={encoder}")
        if known is None:
            continue
        strange = {name for name, _ in told if name not in known and name not in _OF_ALL}
        assert not strange
        assert not {one for one in told if one[0] in known and not known[one[0]].takes(one[1])}


@pytest.mark.parametrize(
    ("encoder", "decoder"), [("hevc_nvenc", "cuda"), ("hevc_vaapi", "vaapi"), ("hevc_qsv", "qsv")]
)
def test_filters_of_cards(encoder: str, decoder: str) -> None:
    rung = Rung(encoder, decoder=decoder, device="0", card="x")
    for video in _plans("hevc"):
        for scaler in ("lanczos", "bilinear", "neighbor", "spline"):
            card = stays_on_card(video, rung)
            assert card == decoder
            chain = picture(Task(video, Spec(scaler=scaler), rung, on_card=True), card)
            for program in programs().values():
                _check_chain(program, chain)


def _check_chain(program: str, chain: str) -> None:
    for one in chain.split(","):
        name, _, given = one.partition("=")
        known = _help(program, f"filter={name}")
        assert known is not None, name
        for option, value in (word.split("=") for word in given.split(":") if "=" in word):
            assert option in known
            assert known[option].takes(value), (name, option, value)


def test_every_encoder_of_cards_is_known_to_one_of_them() -> None:
    """Else the tests above would say nothing of it."""
    if "wheel" not in programs():
        pytest.skip("The newer ffmpeg isn't installed.")
    for encoder in _CARDS:
        assert any(_help(one, f"encoder={encoder}") for one in programs().values()), encoder
