"""ffmpeg: a file from some time on as fragmented MP4 on stdout, one fragment a segment."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import ffmpeg

from apps.ffmpeg.commands.argv import SOURCE, arguments
from apps.ffmpeg.formats import FORMAT_WHITELIST, PROTOCOL_WHITELIST

RATE = 48_000
AAC_FRAME = 1_024
_INTO_KEY_FRAME_S = 0.008  # the index is rounded: aim behind the key frame
_FRAGMENTS = "empty_moov+delay_moov+default_base_moof+frag_discont+skip_trailer"
_TONE_MAPPING = (  # HDR without BT.2020 is unknown; files that don't say so are common
    "setparams=color_primaries=bt2020:color_trc={}:colorspace=bt2020nc,"
    "zscale=t=linear:npl=100,format=gbrpf32le,zscale=p=bt709,tonemap=tonemap=hable:desat=0,"
    "zscale=t=bt709:m=bt709:r=tv"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """What is made of a file's picture and sound.

    ``picture`` and ``sound`` are "copy", "encode" or "" (none). What is encoded gets ``rate``
    frames per second (a fraction as text), at most ``kilobits`` per second and the size given.
    ``tone_map`` names the transfer function of HDR that is to become ordinary.
    ``tag`` is the four-letter code of copied video, where players want a certain one.
    """

    picture: str
    sound: str
    width: int = 0
    height: int = 0
    rate: str = "25"
    kilobits: int = 0
    deinterlace: bool = False
    tone_map: str = ""
    tag: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Where to begin and end: ``start_s`` of the segment ``number``, ``end_s`` of the file.

    ``segment_s`` is the length of segments wherever they don't follow the file's key frames.
    """

    number: int
    start_s: float
    end_s: float
    segment_s: float


def segments(program: str, path: bytes, recipe: Recipe, at: Stretch) -> list[str | bytes]:
    """The command that writes the segments from ``at.number`` on, with the file's own times.

    Copies may begin one key frame too early (where there are B-frames, ffmpeg seeks 130 ms before
    what it is told, but in mp4): drop what lies before.

    ``frag_discont`` makes a fragment's decode time that of its key frame's display, whichever
    segment the process begins with; the edit list takes back the delay of B-frames. What is
    encoded has none: so sound doesn't lag behind the picture in a fragment.
    """
    copied = recipe.picture == "copy"
    given = {"ss": f"{at.start_s + _lead(recipe):.6f}"} if at.number else {}
    flags = {"noaccurate_seek": None} if copied else {}
    stream = ffmpeg.input(
        SOURCE, protocol_whitelist=PROTOCOL_WHITELIST, format_whitelist=FORMAT_WHITELIST,
        **given, **flags,
    )  # fmt: skip
    streams = [stream["V:0"]] if recipe.picture else []
    streams += [stream["a:0"]] if recipe.sound else []
    output = ffmpeg.output(
        *streams, "pipe:1", **_picture(recipe, at), **_sound(recipe, at), **_container(recipe, at)
    ).global_args("-copyts", "-start_at_zero")
    return arguments(program, output, source=path)


def grid(number: int, *, segment_s: int, rate: Fraction) -> int:
    """The first frame of a segment where there are ``rate`` frames a second."""
    return -(-segment_s * number * rate.numerator // rate.denominator)


def _lead(recipe: Recipe) -> float:
    """Where to seek from the segment's start: never behind the frame that is shown then."""
    if recipe.picture == "copy":
        return _INTO_KEY_FRAME_S
    return -0.5 / float(Fraction(recipe.rate)) if recipe.picture else 0.0


def _picture(recipe: Recipe, at: Stretch) -> dict[str, Any]:
    if not recipe.picture:
        return {}
    if recipe.picture == "copy":
        return {"c:v": "copy"} | ({"tag:v": recipe.tag} if recipe.tag else {})
    rate = Fraction(recipe.rate)
    first = grid(at.number, segment_s=round(at.segment_s), rate=rate)
    # counted in frames, since the last digit of a time would decide between two of them
    forced = f"expr:gte(n+{first},ceil(({at.number}+n_forced)*{at.segment_s:g}*{rate}-0.000001))"
    return {
        "vf": ",".join(_filters(recipe, at)), "c:v": "libx264", "preset": "veryfast",
        "profile:v": "high", "pix_fmt": "yuv420p", "bf": 0, "g": 9_999, "sc_threshold": 0,
        "forced-idr": 1, "force_key_frames": forced, "crf": 23,
        "maxrate": f"{recipe.kilobits}k", "bufsize": f"{2 * recipe.kilobits}k",
    }  # fmt: skip


def _filters(recipe: Recipe, at: Stretch) -> list[str]:
    """Constant rate first: what follows sees exactly the frames of the output.

    The last frame is repeated where the sound is longer, so that every segment has a picture.
    """
    filters = ["bwdif=deint=interlaced"] if recipe.deinterlace else []
    filters += [
        f"fps={recipe.rate}:start_time={at.start_s:.6f}",
        "tpad=stop=-1:stop_mode=clone",
        f"trim=end={at.end_s:.6f}",
    ]
    filters += [f"scale={recipe.width}:{recipe.height}:flags=bicubic"]
    filters += [_TONE_MAPPING.format(recipe.tone_map)] if recipe.tone_map else []
    return [*filters, "setsar=1", "format=yuv420p"]


def _sound(recipe: Recipe, at: Stretch) -> dict[str, Any]:
    if not recipe.sound:
        return {}
    if recipe.sound == "copy":  # without what stands before the beginning: times aren't negative
        return {"c:a": "copy", "bsf:a": "noise=drop='lt(pts,0)'"}
    # twice, since first_pts counts samples of the rate that comes in
    filters = f"aresample={RATE},aresample={RATE}:async=1000:min_hard_comp=0.1"
    if recipe.picture != "copy" or not at.number:
        # the encoder begins one frame early: so its first frame lies at the segment's start
        filters += f":first_pts={round(at.start_s * RATE) + AAC_FRAME}"
    if recipe.picture != "copy":
        filters += f",apad,atrim=end={at.end_s:.6f}"
    return {"c:a": "aac", "ac": 2, "ar": RATE, "b:a": "160k", "af": filters}


def _container(recipe: Recipe, at: Stretch) -> dict[str, Any]:
    if recipe.picture:
        split: dict[str, Any] = {"movflags": f"frag_keyframe+{_FRAGMENTS}"}
    else:  # a hair less: else rounding would add a frame
        split = {"movflags": _FRAGMENTS, "frag_duration": int(at.segment_s * 1_000_000) - 100}
    return {
        "map_metadata": -1, "map_chapters": -1, "format": "mp4", "use_editlist": 1,
        "avoid_negative_ts": "disabled", "max_muxing_queue_size": 4_096, **split,
    }  # fmt: skip
