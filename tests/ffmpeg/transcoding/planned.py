"""Files, specs and machines for tests of planning, and what the outcome of a plan would be."""

from typing import Any

from apps.ffmpeg.facts import MediaFacts
from apps.ffmpeg.transcoding.abilities import Abilities, Ability
from apps.ffmpeg.transcoding.levels import most_bitrate
from apps.ffmpeg.transcoding.measured import NOTHING, Measured
from apps.ffmpeg.transcoding.planning import plan
from apps.ffmpeg.transcoding.plans import Plan, SubtitleDeed
from apps.ffmpeg.transcoding.spec import (
    Container,
    Hdr,
    ImageSubtitles,
    Spec,
    TextSubtitles,
    VideoCodec,
)

MIB = 1024 * 1024

SOFTWARE = Abilities(
    encoders=tuple(
        Ability(encoder, codec, encodes=True, ten_bit=True)
        for encoder, codec in (
            ("libx264", "h264"), ("libx265", "hevc"), ("libsvtav1", "av1"), ("libvpx-vp9", "vp9"),
        )
    ),
    filters=frozenset({"zscale", "tonemap"}),
)  # fmt: skip

SAFE = Spec(
    video_profile="high", level="4.1", max_width=1920, max_height=1080, max_frame_rate=30.0,
    max_bitrate=10_000_000,
)  # fmt: skip
MKV = Spec(
    container=Container.MATROSKA, video_codec=VideoCodec.HEVC, pixel_format="yuv420p10le",
    hdr=Hdr.KEEP, text_subtitles=TextSubtitles.KEEP, image_subtitles=ImageSubtitles.KEEP,
)  # fmt: skip
SOUND = Spec(
    container=Container.M4A, video_codec=VideoCodec.NONE, text_subtitles=TextSubtitles.DROP
)


def card(name: str = "GPU-1", **values: Any) -> Ability:
    """NVENC's H.264 on one card, decoding as well."""
    given = {
        "encoder": "h264_nvenc", "codec": "h264", "encodes": True, "card": name, "device": "0",
        "decoder": "cuda", **values,
    }  # fmt: skip
    return Ability(**given)


def machine(*cards: Ability) -> Abilities:
    """Cards, and a processor that encodes everything."""
    return Abilities(encoders=(*cards, *SOFTWARE.encoders), filters=SOFTWARE.filters)


def video(**values: Any) -> dict[str, Any]:
    """An ordinary stream of 1080p; ``None`` leaves a value out."""
    given = {
        "type": "video", "index": 0, "codec": "h264", "width": 1920, "height": 1080,
        "frame_rate": 25.0, "pixel_format": "yuv420p", "bit_depth": 8, "profile": "High",
        "level": 40, "bitrate": 4_000_000, "codec_tag": "avc1", **values,
    }  # fmt: skip
    return {name: value for name, value in given.items() if value is not None}


def audio(index: int = 1, **values: Any) -> dict[str, Any]:
    given = {
        "type": "audio", "index": index, "codec": "aac", "channels": 2, "sample_rate": 48000,
        "bitrate": 128_000, **values,
    }  # fmt: skip
    return {name: value for name, value in given.items() if value is not None}


def text(index: int, codec: str = "subrip", **values: Any) -> dict[str, Any]:
    return {"type": "subtitle", "index": index, "codec": codec, **values}


def film(*streams: dict[str, Any], container: str = "mp4", **values: Any) -> MediaFacts:
    """Facts as the prober gives them of these streams; ten minutes."""
    pictures = [one for one in streams if one["type"] == "video" and not one.get("attached_pic")]
    sounds = [one for one in streams if one["type"] == "audio"]
    first: dict[str, Any] = pictures[0] if pictures else {}
    width, height = first.get("width"), first.get("height")
    if first.get("rotation") in (90, 270):
        width, height = height, width
    same = (
        "rotation", "frame_rate", "pixel_format", "bit_depth", "profile", "level", "hdr",
        "color_range", "color_space", "color_transfer", "color_primaries",
    )  # fmt: skip
    given: dict[str, Any] = {
        "format_name": container, "container": container, "duration_ms": 600_000,
        "video_codec": first.get("codec", ""), "width": width, "height": height,
        "audio_tracks": len(sounds), "streams": list(streams),
        **{name: first[name] for name in same if name in first}, **values,
    }  # fmt: skip
    return MediaFacts(**given)


def plan_of(
    facts: MediaFacts,
    spec: Spec,
    *,
    abilities: Abilities = SOFTWARE,
    measured: Measured = NOTHING,
    size_bytes: int = 500 * MIB,
) -> Plan:
    return plan(facts, spec, size_bytes=size_bytes, abilities=abilities, measured=measured)


def failed(made: Plan) -> set[str]:
    """The names of the criteria that aren't met."""
    return {one.name for one in made.criteria if not one.ok}


_CONTAINERS = {
    Container.MP4: "mp4", Container.MATROSKA: "matroska", Container.WEBM: "webm",
    Container.M4A: "m4a", Container.OGG: "ogg", Container.MP3: "mp3",
}  # fmt: skip
_PROFILES = {
    ("h264", 8): "Constrained Baseline", ("h264", 10): "High 10", ("hevc", 8): "Main",
    ("hevc", 10): "Main 10", ("av1", 8): "Main", ("av1", 10): "Main", ("vp9", 8): "Profile 0",
    ("vp9", 10): "Profile 2",
}  # fmt: skip
_HDR = {"smpte2084": "hdr10", "arib-std-b67": "hlg"}


def outcome(made: Plan, facts: MediaFacts, spec: Spec) -> MediaFacts:
    """What the prober would say of the file that the plan makes."""
    source = {one["index"]: one for one in facts.streams}
    streams: list[dict[str, Any]] = []
    if made.video is not None:
        streams.append(_picture(made, source, spec))
    for track in made.audio:
        told = {
            "codec": track.codec, "channels": track.channels, "bitrate": track.bitrate or None,
            "sample_rate": track.sample_rate or None, "language": track.language,
            "title": track.title, "default": track.default,
        }  # fmt: skip
        made_anew = _plain({"type": "audio", **told})
        streams.append(source[track.index] if track.copy else made_anew)
    for subtitle in made.subtitles:
        if subtitle.deed in (SubtitleDeed.COPY, SubtitleDeed.CONVERT):
            told = {"codec": subtitle.codec, "language": subtitle.language}
            streams.append(_plain({"type": "subtitle", **told, "forced": subtitle.forced}))
    streams += [source[one] for one in (*made.attachments, *made.covers)]
    numbered = [one | {"index": at} for at, one in enumerate(streams)]
    return film(
        *numbered,
        container=_CONTAINERS[spec.container],
        duration_ms=facts.duration_ms,
        chapters=facts.chapters if made.chapters else [],
        tags=facts.tags if made.metadata else {"encoder": "Lavf"},
    )


def _picture(made: Plan, source: dict[int, dict[str, Any]], spec: Spec) -> dict[str, Any]:
    assert made.video is not None
    given, tag = source[made.video.index], "hvc1" if "hvc1" in made.video.dispose else None
    if made.video.copy:
        return given | ({"codec_tag": tag} if tag else {})
    video = made.video
    depth = 10 if "10" in video.pixel_format else 8
    aspect = "" if spec.square_pixels else given.get("sample_aspect_ratio", "")
    if aspect and video.rotation in (90, 270):
        aspect = ":".join(reversed(aspect.split(":")))
    label = {"h264": 10.0, "hevc": 30.0}.get(video.codec)
    level = round(float(video.level) * label) if video.level and label else None
    return _plain({
        "type": "video", "codec": video.codec, "width": video.width, "height": video.height,
        "frame_rate": video.frame_rate or video.source_rate or None, "bit_depth": depth,
        "pixel_format": video.pixel_format, "codec_tag": tag, "level": level,
        "profile": _PROFILES[video.codec, depth], "sample_aspect_ratio": aspect,
        "color_primaries": video.color[0], "color_transfer": video.color[1],
        "color_space": video.color[2], "hdr": _HDR.get(video.color[1], ""),
        "bitrate": spec.max_bitrate or min(2_000_000, _most_bits(spec)),
        "field_order": None if video.deinterlace else given.get("field_order"),
    })  # fmt: skip


def _most_bits(spec: Spec) -> int:
    """What encoders are held to where the profile names a level alone."""
    return most_bitrate(str(spec.video_codec), spec.level, tier=spec.tier) or 2_000_000


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value not in (None, "", False)}
