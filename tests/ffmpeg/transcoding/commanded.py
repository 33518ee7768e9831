"""Plans as planning makes them, by every encoder there is, and their commands as text."""

import importlib.util
import shlex
from pathlib import Path
from typing import Any

from apps.ffmpeg.facts import MediaFacts
from apps.ffmpeg.formats import FORMAT_WHITELIST
from apps.ffmpeg.transcoding.abilities import Abilities, Ability
from apps.ffmpeg.transcoding.commands import command
from apps.ffmpeg.transcoding.commands.encoders import family
from apps.ffmpeg.transcoding.commands.reading import CARDS
from apps.ffmpeg.transcoding.plans import Plan, Rung
from apps.ffmpeg.transcoding.spec import Spec
from apps.ffmpeg.transcoding.trials import FILTERS, PICTURE
from tests.ffmpeg.transcoding.planned import audio, film, plan_of, text, video
from tests.media import ffmpeg

_DEVICES = {"nvenc": "0", "qsv": "/dev/dri/renderD128", "vaapi": "/dev/dri/renderD129"}
_HDR = {
    "color_primaries": "bt2020", "color_transfer": "smpte2084", "color_space": "bt2020nc",
    "color_range": "tv",
}  # fmt: skip
_SDR = {
    "color_primaries": "bt709", "color_transfer": "bt709", "color_space": "bt709",
    "color_range": "tv",
}  # fmt: skip


def able() -> Abilities:
    """A machine that has everything: one card of each kind, which decodes too."""
    return Abilities(tuple(_ability(*one) for one in PICTURE.items()), filters=FILTERS)


def _ability(encoder: str, codec: str) -> Ability:
    kind = family(encoder)
    if kind not in CARDS:
        return Ability(encoder, codec, encodes=True, ten_bit=True)
    return Ability(
        encoder, codec, encodes=True, ten_bit=True, card=f"card-{kind}", decoder=CARDS[kind],
        device=_DEVICES.get(kind, ""),
    )  # fmt: skip


def sources() -> dict[str, MediaFacts]:
    """Files as they come, none of which any shipped profile leaves as it is."""
    sides = audio(1, codec="dts", channels=6, language="ger", title="Deutsch", bitrate=1_500_000)
    return {
        "film": film(  # an ordinary film in Matroska, with all that goes with one
            video(codec="mpeg4", frame_rate=23.976, codec_tag=None, **_SDR), sides,
            audio(2, codec="mp2", language="eng", title="English"),
            text(3, language="eng", forced=True), text(4, "hdmv_pgs_subtitle", language="eng"),
            {"type": "attachment", "index": 5, "codec": "ttf"}, container="matroska",
            chapters=[{"start_ms": 0, "end_ms": 1000, "title": "One"}],
        ),
        "hdr": film(  # 2160p, ten bits
            video(codec="vp9", width=3840, height=2160, frame_rate=50.0, bit_depth=10,
                  pixel_format="yuv420p10le", profile="Profile 2", hdr="hdr10", **_HDR),
            sides, container="webm",
        ),
        "phone": film(  # held upright, at any rate
            video(codec="mjpeg", rotation=90, frame_rate=29.31, pixel_format="yuvj420p",
                  profile="Baseline", codec_tag=None), audio(1, codec="mp2", channels=1),
            container="mov",
        ),
        "dvd": film(  # interlaced, of pixels that aren't square
            video(codec="mpeg2video", width=720, height=576, field_order="tt",
                  sample_aspect_ratio="64:45", profile="Main", codec_tag=None),
            audio(1, codec="ac3", channels=6), text(2, "dvd_subtitle", language="eng"),
            container="mpeg",
        ),
    }  # fmt: skip


def rungs(made: Plan) -> list[tuple[str, Rung]]:
    """A name for each of a plan's ways."""
    return [(_name(one), one) for one in made.rungs]


def _name(rung: Rung) -> str:
    words = [rung.encoder or "copy", f"decoded by {rung.decoder}" if rung.decoder else ""]
    return " ".join(word for word in [*words, "reduced" if rung.reduced else ""] if word)


def planned(facts: MediaFacts, spec: Spec) -> Plan:
    return plan_of(facts, spec, abilities=able(), size_bytes=5_000_000_000)


def line(plan: Plan, spec: Spec, rung: Rung, **values: Any) -> str:
    """The command as one would type it."""
    words = command(plan, spec, rung, program="ffmpeg", source=b"/in/a film", output=b"/out/film",
                    **values)  # fmt: skip
    return as_line(words)


def as_line(words: list[str | bytes]) -> str:
    plain = [word.decode() if isinstance(word, bytes) else word for word in words]
    return shlex.join(plain).replace(FORMAT_WHITELIST, "FORMATS")


def programs() -> dict[str, str]:
    """This machine's ffmpeg, and the newer one that comes in a wheel."""
    found = {"ours": ffmpeg()}
    spec = importlib.util.find_spec("imageio_ffmpeg")
    if spec is not None and spec.origin is not None:
        for one in (Path(spec.origin).parent / "binaries").glob("ffmpeg-*"):
            found["wheel"] = str(one)
    return found
