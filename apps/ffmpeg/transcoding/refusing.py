"""Why a plan can't be made for a file at all: a code, and one sentence on what to do."""

from collections.abc import Callable
from dataclasses import dataclass

from apps.ffmpeg.facts import MediaFacts
from apps.ffmpeg.transcoding import holds, sizes, tracks
from apps.ffmpeg.transcoding.picture import Picture
from apps.ffmpeg.transcoding.picture_criteria import codec_name
from apps.ffmpeg.transcoding.spec import AudioCodec, Hdr, Spec, VideoCodec

Refusal = tuple[str, str]
_LONGEST_SIDE = 16_384


@dataclass(frozen=True, slots=True)
class _Case:
    facts: MediaFacts
    picture: Picture | None
    spec: Spec
    encodes: bool


def why_not(
    facts: MediaFacts,
    picture: Picture | None,
    spec: Spec,
    *,
    encodes: bool,
) -> Refusal | None:
    """The first reason, or None. ``encodes``: the picture would have to be made anew."""
    case = _Case(facts, picture, spec, encodes)
    return next((found for ask in _ASKED if (found := ask(case)) is not None), None)


def _no_picture(case: _Case) -> Refusal | None:
    if case.picture is None and case.spec.video_codec is not VideoCodec.NONE:
        return "no_picture", (
            "The file has no picture, and the profile asks for one: take a profile for sound alone."
        )
    return None


def _no_sound(case: _Case) -> Refusal | None:
    there = tracks.audio_of(case.facts)
    nothing_left = case.spec.video_codec is VideoCodec.NONE
    if not there and nothing_left:
        return "no_sound", "The file has no sound, and the profile keeps nothing else."
    if there and case.spec.audio_codec is not AudioCodec.NONE:
        kept = tracks.kept_audio(case.facts, case.spec)
        if not any(one.get("codec") for one in kept):
            return "sound_unreadable", "ffmpeg knows none of the codecs of the file's sound."
    return None


def _unknown(case: _Case) -> Refusal | None:
    if case.picture is None or not case.encodes:
        return None
    if not case.picture.is_known:
        return "picture_unreadable", "Codec or size of the picture aren't known: scan it anew."
    width, height = case.picture.shown
    if max(width, height) > _LONGEST_SIDE:
        return "too_large", f"A picture of {width}x{height} pixels is more than encoders take."
    fitted = sizes.fit(case.picture, case.spec)
    if fitted.is_too_small:
        return "too_small", (
            f"{width}x{height} become {fitted.width}x{fitted.height} pixels: too few to encode."
        )
    if not fitted.holds:
        return "level", (
            f"No size of this picture fits level {case.spec.level}: take a higher one, or none."
        )
    return None


def _hdr(case: _Case) -> Refusal | None:
    if case.picture is None or case.spec.video_codec in (VideoCodec.NONE, VideoCodec.COPY):
        return None
    transfer, spec = case.picture.hdr_transfer, case.spec
    if transfer and spec.hdr is Hdr.REFUSE:
        return "hdr", "The picture is HDR, and the profile leaves such files alone."
    if not transfer or not case.encodes:
        return None
    if transfer == "unknown":
        return "dolby_vision", (
            "The picture is Dolby Vision without a layer that others can show: encoded anew its"
            " colours would be wrong."
        )
    return None


def _cannot_hold(case: _Case) -> Refusal | None:
    spec, picture = case.spec, case.picture
    title = holds.TITLE[spec.container]
    copies = picture is not None and not case.encodes and spec.video_codec is not VideoCodec.NONE
    if picture is not None and copies and not holds.holds_video(spec.container, picture.codec):
        return "container_cannot", (
            f"{title} doesn't hold {codec_name(picture.codec)} as it is: let the profile encode"
            " the picture, or take Matroska."
        )
    if spec.audio_codec is not AudioCodec.COPY:
        return None
    for one in tracks.kept_audio(case.facts, spec):
        if not holds.holds_audio(spec.container, one.get("codec", "")):
            return "container_cannot", (
                f"{title} doesn't hold {one.get('codec') or 'unknown'} sound as it is: let the"
                " profile encode the sound, or take Matroska."
            )
    return None


_ASKED: tuple[Callable[[_Case], Refusal | None], ...] = (
    _no_picture, _no_sound, _unknown, _hdr, _cannot_hold,
)  # fmt: skip
