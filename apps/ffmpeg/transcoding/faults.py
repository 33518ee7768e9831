"""Every way in which a spec can't work, found before anything is encoded."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from apps.ffmpeg.transcoding import holds, levels, profiles, stays
from apps.ffmpeg.transcoding.picture import pixels_of
from apps.ffmpeg.transcoding.spec import (
    AudioCodec,
    Container,
    CpuFallback,
    Hdr,
    ImageSubtitles,
    RateControl,
    Spec,
    TextSubtitles,
    Tracks,
    VideoCodec,
)


@dataclass(frozen=True, slots=True)
class Fault:
    """``field`` is the spec's; ``message`` says what is wrong, and what to do."""

    field: str
    message: str


_PIXELS = frozenset({
    "", "yuv420p", "yuv422p", "yuv444p", "yuv420p10le", "yuv422p10le", "yuv444p10le",
    "yuv420p12le",
})  # fmt: skip
_NOT_TWELVE = _PIXELS - {"", "yuv420p12le"}
_MADE = {
    "h264": _NOT_TWELVE, "hevc": _PIXELS, "vp9": _NOT_TWELVE,
    "av1": frozenset({"yuv420p", "yuv420p10le"}),
}  # fmt: skip
_BEST_QUALITY = {"h264": 51, "hevc": 51, "av1": 63, "vp9": 63}
_SCALERS = frozenset({"lanczos", "bicubic", "bilinear", "spline"})


def find_faults(spec: Spec) -> tuple[Fault, ...]:
    """What keeps the spec from working, each with what to do; none if it can work.

    What only a machine lacks isn't among these: that is for the plan to say.
    """
    return tuple(fault for ask in _ASKED for fault in ask(spec))


def _encodes(spec: Spec) -> bool:
    return spec.video_codec not in (VideoCodec.NONE, VideoCodec.COPY)


def _container(spec: Spec) -> Iterator[Fault]:
    title, codec = holds.TITLE[spec.container], str(spec.video_codec)
    if spec.container in holds.FOR_SOUND_ALONE and spec.video_codec is not VideoCodec.NONE:
        yield Fault("container", f"{title} holds sound alone: take MP4, or no picture.")
    elif _encodes(spec) and not holds.holds_video(spec.container, codec):
        yield Fault("video_codec", f"{title} doesn't hold {codec}: take MP4 or Matroska.")
    elif spec.video_codec is VideoCodec.NONE and spec.audio_codec is AudioCodec.NONE:
        yield Fault("audio_codec", "Neither picture nor sound is kept: take a codec for one.")
    if spec.audio_codec not in (AudioCodec.NONE, AudioCodec.COPY) and not holds.holds_audio(
        spec.container, spec.audio_codec
    ):
        held = [one for one in AudioCodec if holds.holds_audio(spec.container, one)]
        yield Fault(
            "audio_codec",
            f"{title} doesn't hold {spec.audio_codec}: take {' or '.join(held)}.",
        )
    for codec in spec.copy_audio:
        if not holds.holds_audio(spec.container, codec):
            yield Fault("copy_audio", f"{title} doesn't hold {codec}: it can't stay as it is.")


def _others(spec: Spec) -> Iterator[Fault]:
    title = holds.TITLE[spec.container]
    for said, one in zip(spec.other_codecs, stays.others(spec), strict=True):
        if not one.is_known or said.count("/") > 2:
            yield Fault(
                "other_codecs",
                f"{said} isn't known: write codec, profile and level as in h264/high/4.2, the codec"
                f" one of {', '.join(levels.LEVELS)}.",
            )
        elif one.codec == spec.video_codec:
            yield Fault("other_codecs", f"{one.codec} is what is made: leave it out here.")
        elif not holds.holds_video(spec.container, one.codec):
            yield Fault("other_codecs", f"{title} doesn't hold {one.codec}: it can't stay.")
    if spec.other_codecs and not (_encodes(spec) and spec.copy_video):
        yield Fault(
            "other_codecs", "Other codecs stay only where a picture may be made, or copied."
        )


def _profile(spec: Spec) -> Iterator[Fault]:
    codec = str(spec.video_codec)
    if spec.video_profile and not profiles.is_made(codec, spec.video_profile):
        yield Fault(
            "video_profile",
            f"No encoder of {codec} makes a profile {spec.video_profile}: take one of"
            f" {', '.join(profiles.MADE[codec])}, or none.",
        )
    if spec.tier not in ("main", "high"):
        yield Fault("tier", "There are two tiers: main and high.")
    if spec.level and not levels.written(codec, spec.level):
        known = ", ".join(levels.LEVELS[codec])
        yield Fault("level", f"{codec} has no level {spec.level}: it knows {known}.")
    limits = levels.LEVELS[codec].get(levels.written(codec, spec.level))
    if spec.tier == "high" and codec in ("hevc", "av1") and limits and not limits.high_bits:
        yield Fault("tier", f"Level {spec.level} has no high tier: it begins with 4.0.")


def _pixel_format(spec: Spec) -> Iterator[Fault]:
    codec, form = str(spec.video_codec), spec.pixel_format
    if form not in _PIXELS:
        known = ", ".join(sorted(_PIXELS - {""}))
        yield Fault("pixel_format", f"{form} can't be made: take one of {known}.")
        return
    if form and form not in _MADE[codec]:
        yield Fault("pixel_format", f"No encoder makes {codec} as {form}: take yuv420p.")
        return
    chroma, depth = pixels_of(form)
    if not form or not spec.video_profile or not profiles.is_made(codec, spec.video_profile):
        return
    most = profiles.most_depth(codec, spec.video_profile)
    if depth > most or chroma > profiles.most_chroma(codec, spec.video_profile):
        yield Fault(
            "pixel_format",
            f"Profile {spec.video_profile} of {codec} doesn't hold {form}: take a higher profile,"
            " or yuv420p.",
        )
    if codec == "vp9" and depth == 8 and profiles.plain(spec.video_profile) in ("profile2", "2"):
        yield Fault("pixel_format", "Profile 2 of vp9 is for 10 bits: take yuv420p10le.")


def _level(spec: Spec) -> Iterator[Fault]:
    """What the spec allows at most has to go into its level."""
    codec, level = str(spec.video_codec), spec.level
    if not levels.written(codec, level):
        return
    width, height, rate = spec.max_width, spec.max_height, spec.max_frame_rate
    if width and height:
        exceeded = levels.beyond(
            codec, level, width=width, height=height, frame_rate=rate or 1.0,
            reference_frames=spec.max_reference_frames,
        )  # fmt: skip
        if exceeded:
            needed = levels.smallest_level(
                codec, width=width, height=height, frame_rate=rate or 1.0,
                reference_frames=spec.max_reference_frames,
            )  # fmt: skip
            yield Fault(
                "level",
                f"Level {level} of {codec} doesn't hold what the profile allows: {exceeded[0]}"
                f" Take level {needed or '(there is none)'}, or allow less.",
            )
    most = levels.most_bitrate(
        codec, level, tier=spec.tier, profile=profiles.plain(spec.video_profile)
    )
    for name, bits in (("max_bitrate", spec.max_bitrate), ("video_bitrate", spec.video_bitrate)):
        if bits and most and bits > most:
            yield Fault(
                name,
                f"Level {level} of {codec} allows {most / 1e6:g} Mbit/s in this tier: take a"
                " lower rate, or a higher level.",
            )


def _rate(spec: Spec) -> Iterator[Fault]:
    worst = _BEST_QUALITY[str(spec.video_codec)]
    if spec.rate_control is RateControl.BITRATE and not spec.video_bitrate:
        yield Fault("video_bitrate", "A bit rate is to be met, but none is given: give one.")
    if not 0 <= spec.quality <= worst:
        yield Fault("quality", f"Quality goes from 0 (best) to {worst}: about 22 looks well.")
    aims = spec.rate_control is RateControl.BITRATE
    if aims and spec.max_bitrate and (spec.video_bitrate or 0) > spec.max_bitrate:
        yield Fault("max_bitrate", "It lies below the rate that is to be met: raise it.")
    if spec.buffer_bits and not spec.max_bitrate:
        yield Fault("buffer_bits", "A buffer needs a highest rate to count: give max_bitrate too.")


def _numbers(spec: Spec) -> Iterator[Fault]:
    for name, least, most in _BOUNDS:
        value = getattr(spec, name)
        if value is not None and not least <= value <= most:
            yield Fault(name, f"It has to lie between {least:g} and {most:g}.")
    if _encodes(spec) and spec.scaler not in _SCALERS:
        known = ", ".join(sorted(_SCALERS))
        yield Fault("scaler", f"{spec.scaler} isn't known: take one of {known}.")
    if spec.max_b_frames and spec.max_reference_frames == 1 and spec.video_codec != "av1":
        yield Fault("max_b_frames", "B-frames need two reference frames: allow more, or none.")
    if spec.max_b_frames and profiles.plain(spec.video_profile) in _NO_B_FRAMES:
        yield Fault("max_b_frames", "The baseline profile has no B-frames: take main or high.")


_NO_B_FRAMES = ("baseline", "constrainedbaseline")
_BOUNDS = (
    ("max_width", 16, 16_384), ("max_height", 16, 16_384), ("max_frame_rate", 1, 1000),
    ("max_reference_frames", 1, 16), ("max_b_frames", 0, 16), ("gop_seconds", 0.1, 60),
    ("video_bitrate", 10_000, 10**10), ("max_bitrate", 10_000, 10**10),
    ("buffer_bits", 10_000, 10**10), ("max_channels", 1, 8), ("audio_bitrate", 8_000, 2_000_000),
    ("max_sample_rate", 7350, 384_000), ("short_seconds", 1, 10**7), ("ssim_floor", 0, 1),
    ("vmaf_floor", 0, 100), ("max_size_percent", 1, 10_000),
)  # fmt: skip


def _hdr(spec: Spec) -> Iterator[Fault]:
    if spec.hdr is not Hdr.KEEP:
        return
    if spec.video_codec is VideoCodec.H264:
        yield Fault("hdr", "No player shows HDR in H.264: take HEVC or AV1, or tone mapping.")
    elif spec.pixel_format and pixels_of(spec.pixel_format)[1] < 10:
        yield Fault("hdr", "HDR needs 10 bits: take yuv420p10le, or tone mapping.")
    elif spec.video_profile and profiles.most_depth(spec.video_codec, spec.video_profile) < 10:
        yield Fault("hdr", "HDR needs a profile of 10 bits: take one, or tone mapping.")


def _sound(spec: Spec) -> Iterator[Fault]:
    codec = spec.audio_codec
    if codec in (AudioCodec.NONE, AudioCodec.COPY):
        return
    most = max(holds.CHANNELS[codec])
    if codec is AudioCodec.MP3 and (spec.max_channels is None or spec.max_channels > most):
        yield Fault("max_channels", "MP3 has two channels at most: mix down to two.")
    elif spec.max_channels and spec.max_channels > most:
        yield Fault("max_channels", f"{codec} has {most} channels at most: mix down to those.")
    rates = holds.SAMPLE_RATES[codec]
    if spec.max_sample_rate is not None and spec.max_sample_rate < rates[0]:
        yield Fault(
            "max_sample_rate",
            f"{codec} always has at least {rates[0]} samples a second: allow that.",
        )
    ceiling = holds.MOST_BITRATE.get(codec)
    if ceiling is not None and spec.audio_bitrate > 2 * ceiling:
        yield Fault(
            "audio_bitrate",
            f"Two channels of {codec} have {2 * ceiling // 1000} kbit/s at most: take less.",
        )
    if spec.audio_tracks is Tracks.LANGUAGES and not spec.audio_languages:
        yield Fault("audio_languages", "Tracks are kept by language, but none is given: give one.")
    if spec.container is Container.MP3 and spec.audio_tracks is not Tracks.FIRST:
        yield Fault("audio_tracks", "An MP3 file has one track: take the first alone.")


def _subtitles(spec: Spec) -> Iterator[Fault]:
    title = holds.TITLE[spec.container]
    if spec.text_subtitles is TextSubtitles.KEEP and not holds.text_made(spec.container):
        yield Fault("text_subtitles", f"{title} holds no subtitles: take files beside, or drop.")
    kept = spec.image_subtitles is ImageSubtitles.KEEP
    if kept and not holds.holds_images(spec.container, "hdmv_pgs_subtitle"):
        yield Fault(
            "image_subtitles",
            f"{title} doesn't hold subtitles that are pictures: draw or drop them, or take"
            " Matroska.",
        )
    if spec.image_subtitles is ImageSubtitles.BURN and not _encodes(spec):
        yield Fault("image_subtitles", "Drawing needs the picture to be encoded: take a codec.")


def _machines(spec: Spec) -> Iterator[Fault]:
    if not spec.use_gpu and spec.cpu_fallback is CpuFallback.NEVER and _encodes(spec):
        yield Fault("cpu_fallback", "Neither card nor processor may encode: allow one.")


def _of_picture(spec: Spec) -> Iterator[Fault]:
    if _encodes(spec):
        for ask in (_profile, _pixel_format, _level, _rate, _hdr):
            yield from ask(spec)


_ASKED: tuple[Callable[[Spec], Iterator[Fault]], ...] = (
    _container, _others, _of_picture, _numbers, _sound, _subtitles, _machines,
)  # fmt: skip
