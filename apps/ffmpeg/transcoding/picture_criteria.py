"""What a spec asks of the picture, against what was found."""

from collections.abc import Iterator

from apps.ffmpeg.transcoding import holds, levels, profiles, stays
from apps.ffmpeg.transcoding.measured import Measured
from apps.ffmpeg.transcoding.picture import Picture, pixels_of
from apps.ffmpeg.transcoding.plans import Criterion
from apps.ffmpeg.transcoding.spec import Container, Hdr, RateControl, Spec, VideoCodec

UNKNOWN = "not known"
_RATE_SLACK = 1.002  # rates are rounded in files
_BITS_SLACK = 1.05
_AIM_SLACK = 1.25  # a rate that is aimed at is met over minutes, not seconds
_TAGS = frozenset({"hvc1", "dvh1"})
_NAMES = {
    "h264": "H.264", "hevc": "HEVC", "av1": "AV1", "vp9": "VP9", "vp8": "VP8", "mpeg4": "MPEG-4",
    "mpeg2video": "MPEG-2", "mpeg1video": "MPEG-1", "mjpeg": "Motion JPEG", "vc1": "VC-1",
    "prores": "ProRes", "wmv3": "WMV 9",
}  # fmt: skip
_HDR = {"smpte2084": "HDR (PQ)", "arib-std-b67": "HDR (HLG)"}


def codec_name(codec: str) -> str:
    """As people write it."""
    return _NAMES.get(codec, codec) or UNKNOWN


def tag_criteria(picture: Picture | None, spec: Spec) -> Iterator[Criterion]:
    """What a copy mends: HEVC in MP4 has to be tagged as Apple and cast devices want it."""
    if picture is None or picture.codec != "hevc" or spec.container is not Container.MP4:
        return
    if stays.asked_of("hevc", spec).video_codec in (VideoCodec.HEVC, VideoCodec.COPY):
        ok = not picture.tag or picture.tag in _TAGS
        yield Criterion(
            "video_codec", "HEVC tagged hvc1", picture.tag or UNKNOWN, ok, picture.index
        )


def picture_criteria(
    picture: Picture | None, spec: Spec, *, measured: Measured, duration_ms: int
) -> Iterator[Criterion]:
    """What only encoding mends."""
    if spec.video_codec is VideoCodec.NONE:
        found = codec_name(picture.codec) if picture else "none"
        yield Criterion("video_codec", "no picture", found, picture is None)
    elif picture is None:
        any_codec = spec.video_codec is VideoCodec.COPY
        asked = "a picture" if any_codec else codec_name(spec.video_codec)
        yield Criterion("video_codec", asked, "no picture", ok=False)
    elif spec.video_codec is VideoCodec.COPY:
        title = holds.TITLE[spec.container]
        ok = holds.holds_video(spec.container, picture.codec)
        wanted = f"a codec that {title} holds"
        yield Criterion("video_codec", wanted, codec_name(picture.codec), ok, picture.index)
    else:
        asked_of_it = stays.asked_of(picture.codec, spec)
        ok, wanted = picture.codec == asked_of_it.video_codec, _codecs(spec)
        yield Criterion("video_codec", wanted, codec_name(picture.codec), ok, picture.index)
        yield from _coding(picture, asked_of_it, measured)
        yield from _size(picture, spec)
        yield from _time(picture, spec, measured)
        yield from _look(picture, spec)
        yield from _bits(picture, spec, duration_ms)


def _codecs(spec: Spec) -> str:
    known = [str(spec.video_codec), *(one.codec for one in stays.others(spec))]
    return " or ".join(codec_name(codec) for codec in known)


def _coding(picture: Picture, spec: Spec, measured: Measured) -> Iterator[Criterion]:
    at, codec = picture.index, str(spec.video_codec)
    same = picture.codec == codec
    if spec.video_profile and same:
        plays = profiles.plays(codec, wanted=spec.video_profile, found=picture.profile)
        found = picture.profile or UNKNOWN
        yield Criterion("video_profile", f"{spec.video_profile} or less", found, plays, at)
    if spec.level and same:
        yield _level(picture, spec, measured)
    if spec.pixel_format:
        found = picture.pixel_format or UNKNOWN
        ok = _is_within(picture, spec.pixel_format)
        yield Criterion("pixel_format", f"{spec.pixel_format} or less", found, ok, at)
    asked = (
        ("max_reference_frames", spec.max_reference_frames, measured.reference_frames),
        ("max_b_frames", spec.max_b_frames, measured.b_frames),
    )
    for name, most, frames in asked:
        if most is not None:
            ok = frames is None or frames <= most
            yield Criterion(name, f"at most {most}", _said(frames), ok, at)


def _level(picture: Picture, spec: Spec, measured: Measured) -> Criterion:
    """Worked out from what is in the file; the label counts as well, as devices go by it."""
    codec, (width, height) = str(spec.video_codec), picture.coded
    rate = picture.fastest
    said = levels.beyond(
        codec,
        spec.level,
        width=width,
        height=height,
        frame_rate=rate,
        bitrate=picture.bitrate and round(picture.bitrate / _BITS_SLACK),
        reference_frames=measured.reference_frames,
        tier=spec.tier,
        profile=profiles.plain(picture.profile),
    )
    label = levels.labelled(codec, picture.level)
    if not said and levels.is_above(codec, label, spec.level):
        said = (f"It is labelled {label}.",)
    needs = levels.smallest_level(codec, width=width, height=height, frame_rate=rate)
    found = " ".join((f"{needs or 'none'} by size and rate.", *said)) if width else UNKNOWN
    return Criterion("level", f"{spec.level} or less", found, not said, picture.index)


def _is_within(picture: Picture, wanted: str) -> bool:
    """Whether a decoder of the wanted format shows it: no more bits, no finer colour."""
    chroma, depth = pixels_of(wanted)
    if picture.pixel_format == wanted:
        return True
    if not picture.chroma or not chroma:
        return not picture.pixel_format
    return 420 <= picture.chroma <= chroma and picture.depth <= depth


def _size(picture: Picture, spec: Spec) -> Iterator[Criterion]:
    at, width, height = picture.index, picture.width, picture.height
    tall = height > width
    longest, shortest = (height, width) if tall else (width, height)
    turned = " (turned)" if tall else ""
    size = f"{width}x{height}" if width and height else UNKNOWN
    if spec.max_width:
        wanted = f"at most {spec.max_width} pixels{turned}"
        yield Criterion("max_width", wanted, size, longest <= spec.max_width, at)
    if spec.max_height:
        wanted = f"at most {spec.max_height} pixels{turned}"
        yield Criterion("max_height", wanted, size, shortest <= spec.max_height, at)
    if spec.square_pixels:
        square = picture.shown == (width, height)
        found = "square" if square else f"{picture.pixel_aspect:.3f} as wide as tall"
        yield Criterion("square_pixels", "square pixels", found, square, at)


def _time(picture: Picture, spec: Spec, measured: Measured) -> Iterator[Criterion]:
    at, rate = picture.index, picture.fastest
    if spec.max_frame_rate:
        found = f"{rate:g} a second" if rate else UNKNOWN
        ok = rate <= spec.max_frame_rate * _RATE_SLACK
        yield Criterion("max_frame_rate", f"at most {spec.max_frame_rate:g}", found, ok, at)
    if spec.constant_frame_rate:
        even = measured.constant_frame_rate
        words = UNKNOWN if even is None else "constant" if even else "variable"
        yield Criterion("constant_frame_rate", "constant", words, even is not False, at)
    if spec.gop_seconds:
        longest = measured.longest_gop_ms
        slack = 1000 / rate if rate else 100
        ok = longest is None or longest <= spec.gop_seconds * 1000 + slack
        found = UNKNOWN if longest is None else f"{longest / 1000:g} s"
        yield Criterion("gop_seconds", f"at most {spec.gop_seconds:g} s", found, ok, at)
    if spec.deinterlace:
        found = "interlaced" if picture.interlaced else "progressive"
        yield Criterion("deinterlace", "progressive", found, not picture.interlaced, at)


def _look(picture: Picture, spec: Spec) -> Iterator[Criterion]:
    if spec.hdr is Hdr.KEEP:
        return
    kind = "Dolby Vision" if picture.dolby else _HDR.get(picture.hdr_transfer, "HDR")
    found = kind if picture.hdr_transfer else "SDR"
    yield Criterion("hdr", "SDR", found, not picture.hdr_transfer, picture.index)


def _bits(picture: Picture, spec: Spec, duration_ms: int) -> Iterator[Criterion]:
    seconds = duration_ms / 1000
    found = f"{picture.bitrate / 1e6:.2f} Mbit/s" if picture.bitrate else UNKNOWN
    rate = picture.bitrate or 0
    if spec.max_bitrate:
        stored = (spec.buffer_bits or 2 * spec.max_bitrate) / max(seconds, 1.0)
        ok = rate <= spec.max_bitrate * _BITS_SLACK + stored
        wanted = f"at most {spec.max_bitrate / 1e6:g} Mbit/s"
        yield Criterion("max_bitrate", wanted, found, ok, picture.index)
    if spec.rate_control is RateControl.BITRATE and spec.video_bitrate:
        ok = rate <= spec.video_bitrate * _AIM_SLACK or 0 < seconds < 60
        wanted = f"about {spec.video_bitrate / 1e6:g} Mbit/s"
        yield Criterion("video_bitrate", wanted, found, ok, picture.index)


def _said(number: int | None) -> str:
    return UNKNOWN if number is None else str(number)
