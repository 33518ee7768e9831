"""The ways to do a plan, best first, from what this machine really encodes."""

from dataclasses import dataclass

from apps.ffmpeg.transcoding.abilities import Abilities, Ability
from apps.ffmpeg.transcoding.picture import Picture, pixels_of
from apps.ffmpeg.transcoding.plans import Rung, VideoPlan
from apps.ffmpeg.transcoding.spec import CpuFallback, Spec

_CARD_DECODES = {
    "h264": 8, "hevc": 12, "av1": 10, "vp9": 12, "vp8": 8, "mpeg2video": 8, "vc1": 8,
}  # fmt: skip
"""Codecs that cards decode, and up to how many bits; all in 4:2:0 only."""

_CARD_LONGEST = {"h264": 4096, "hevc": 8192, "av1": 8192, "vp9": 8192}
_DECODER_LONGEST = {"h264": 4096, "mpeg2video": 4080, "vc1": 2048, "vp8": 4096}
_CARD_SHORTEST = 160
_SVT_SHORTEST = 64


@dataclass(frozen=True, slots=True)
class Sought:
    """What is to be encoded, and by what."""

    video: VideoPlan | None
    picture: Picture | None
    spec: Spec
    abilities: Abilities
    duration_ms: int


def rungs_of(sought: Sought) -> tuple[Rung, ...]:
    """Cards with their decoder, cards alone, cards with fewer options, the processor."""
    video, picture, spec = sought.video, sought.picture, sought.spec
    if video is None or video.copy or picture is None:
        return (Rung(encoder=""),)
    able = _able(sought, video)
    cards = [one for one in able if one.card] if spec.use_gpu else []
    found: list[Rung] = []
    if card_can_decode(video, picture):
        found += [_rung(one, decoder=one.decoder) for one in cards if one.decoder]
    found += [_rung(one) for one in cards]
    found += [_rung(one, reduced=True) for one in cards if not one.reduced]
    if _processor_may(spec, duration_ms=sought.duration_ms):
        found += [_rung(one) for one in able if not one.card]
    return tuple(found)


def why_none(sought: Sought) -> tuple[str, str]:
    """A code and one sentence: why nothing here encodes it."""
    video, spec = sought.video, sought.spec
    if video is None:
        return "no_encoder", "There is no picture to encode."
    if any(not one.card for one in _able(sought, video)):
        if spec.cpu_fallback is CpuFallback.SHORT:
            return "too_long_for_processor", (
                "No graphics card here encodes it, and for the processor it is too long: the"
                f" profile lets it do {spec.short_seconds} s at most."
            )
        return "processor_kept_out", (
            "No graphics card here encodes it, and the profile keeps the processor out."
        )
    tried = [one for one in sought.abilities.encoders if one.codec == video.codec and one.reason]
    said = f" {tried[0].encoder}: {tried[0].reason.rstrip('.')}." if tried else ""
    size = f"{video.width}x{video.height}"
    return "no_encoder", (
        f"Nothing on this machine encodes {video.codec} as {video.pixel_format}, {size}.{said}"
    )


def _able(sought: Sought, video: VideoPlan) -> list[Ability]:
    return [one for one in sought.abilities.that_encode(video.codec) if _makes(one, video)]


def card_can_decode(video: VideoPlan, picture: Picture) -> bool:
    """Whether the picture may stay on the card from its decoder to its encoder.

    What has to be turned, tone mapped, drawn on, deinterlaced or drawn out needs filters that work
    on the processor's side.
    """
    needs_filters = bool(
        video.rotation or video.tone_map or video.deinterlace or video.burn is not None
    )
    if needs_filters or picture.shown != (picture.width, picture.height):
        return False
    if picture.chroma != 420 or picture.depth > _CARD_DECODES.get(picture.codec, 0):
        return False
    return max(picture.coded) <= _DECODER_LONGEST.get(picture.codec, 8192)


def _makes(ability: Ability, video: VideoPlan) -> bool:
    chroma, depth = pixels_of(video.pixel_format)
    if not ability.card:
        svt = ability.encoder == "libsvtav1"
        return not svt or (chroma == 420 and min(video.width, video.height) >= _SVT_SHORTEST)
    if chroma != 420 or min(video.width, video.height) < _CARD_SHORTEST:
        return False
    if depth > 8 and (not ability.ten_bit or depth > 10 or video.codec == "h264"):
        return False
    return max(video.width, video.height) <= _CARD_LONGEST.get(video.codec, 4096)


def _processor_may(spec: Spec, *, duration_ms: int) -> bool:
    if not spec.use_gpu or spec.cpu_fallback is CpuFallback.ALWAYS:
        return True
    if spec.cpu_fallback is CpuFallback.NEVER:
        return False
    return 0 < duration_ms <= spec.short_seconds * 1000


def _rung(ability: Ability, *, decoder: str = "", reduced: bool = False) -> Rung:
    return Rung(
        encoder=ability.encoder,
        decoder=decoder,
        device=ability.device,
        card=ability.card,
        reduced=reduced or ability.reduced,
    )
