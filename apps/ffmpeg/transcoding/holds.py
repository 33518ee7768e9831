"""What each container holds and each encoder of sound takes: plain tables."""

from collections.abc import Mapping

from apps.ffmpeg.transcoding.spec import AudioCodec, Container

SEEN_AS: Mapping[Container, frozenset[str]] = {
    Container.MP4: frozenset({"mp4", "m4v"}),
    Container.MATROSKA: frozenset({"matroska"}),
    Container.WEBM: frozenset({"webm"}),
    Container.M4A: frozenset({"m4a"}),
    Container.OGG: frozenset({"ogg"}),
    Container.MP3: frozenset({"mp3"}),
}
"""The names that MediaFacts give to files of the kind."""

EXTENSION: Mapping[Container, str] = {
    Container.MP4: ".mp4", Container.MATROSKA: ".mkv", Container.WEBM: ".webm",
    Container.M4A: ".m4a", Container.OGG: ".ogg", Container.MP3: ".mp3",
}  # fmt: skip

TITLE: Mapping[Container, str] = {
    Container.MP4: "MP4", Container.MATROSKA: "Matroska", Container.WEBM: "WebM",
    Container.M4A: "M4A", Container.OGG: "Ogg", Container.MP3: "MP3",
}  # fmt: skip

FOR_SOUND_ALONE = frozenset({Container.M4A, Container.OGG, Container.MP3})

_VIDEO: Mapping[Container, frozenset[str]] = {
    Container.MP4: frozenset({"h264", "hevc", "av1", "vp9", "mpeg4", "mpeg2video", "mpeg1video"}),
    Container.WEBM: frozenset({"vp8", "vp9", "av1"}),
}
_MATROSKA_LACKS = frozenset({"cinepak", "svq1", "svq3", "indeo3", "dvvideo", "rawvideo", "wrapped"})

_AUDIO: Mapping[Container, frozenset[str]] = {
    Container.MP4: frozenset({"aac", "mp3", "ac3", "eac3", "opus", "flac", "alac", "dts"}),
    Container.WEBM: frozenset({"opus", "vorbis"}),
    Container.M4A: frozenset({"aac", "alac", "ac3"}),
    Container.OGG: frozenset({"opus", "vorbis", "flac"}),
    Container.MP3: frozenset({"mp3"}),
}
_MATROSKA_AUDIO = frozenset({
    "aac", "mp3", "mp2", "ac3", "eac3", "opus", "flac", "alac", "dts", "vorbis", "truehd", "mlp",
    "pcm_s16le", "pcm_s24le", "pcm_s32le", "pcm_f32le", "pcm_u8", "tta", "wavpack",
})  # fmt: skip

TEXT_CODECS = frozenset({
    "subrip", "srt", "ass", "ssa", "webvtt", "mov_text", "text", "microdvd", "subviewer",
    "subviewer1", "sami", "realtext", "stl", "jacosub", "mpl2", "pjs", "vplayer", "eia_608",
})  # fmt: skip
"""Subtitles that are text and that ffmpeg can read."""

IMAGE_CODECS = frozenset({"hdmv_pgs_subtitle", "dvd_subtitle", "dvb_subtitle", "xsub"})

_TEXT: Mapping[Container, frozenset[str]] = {
    Container.MP4: frozenset({"mov_text"}),
    Container.MATROSKA: frozenset({"subrip", "srt", "ass", "ssa", "webvtt", "text"}),
    Container.WEBM: frozenset({"webvtt"}),
}
_TEXT_MADE = {Container.MP4: "mov_text", Container.MATROSKA: "subrip", Container.WEBM: "webvtt"}
_IMAGE = {Container.MATROSKA: frozenset({"hdmv_pgs_subtitle", "dvd_subtitle", "dvb_subtitle"})}


def holds_video(container: Container, codec: str) -> bool:
    """Whether a picture of this codec may be copied into the container."""
    if container is Container.MATROSKA:
        return bool(codec) and codec not in _MATROSKA_LACKS
    return codec in _VIDEO.get(container, ())


def holds_audio(container: Container, codec: str) -> bool:
    if container is Container.MATROSKA:
        return codec in _MATROSKA_AUDIO
    return codec in _AUDIO[container]


def holds_text(container: Container, codec: str) -> bool:
    return codec in _TEXT.get(container, ())


def holds_images(container: Container, codec: str) -> bool:
    return codec in _IMAGE.get(container, ())


def text_made(container: Container) -> str:
    """The codec that text becomes in the container; empty where it holds none."""
    return _TEXT_MADE.get(container, "")


def holds_turning(container: Container) -> bool:
    """Whether copying keeps the note that players are to turn the picture.

    ffmpeg's writers of Matroska leave it out until version 6.
    """
    return container is Container.MP4


def holds_attachments(container: Container) -> bool:
    return container is Container.MATROSKA


def holds_cover(container: Container, codec: str) -> bool:
    """Whether a picture of the film may be copied into the container's tags."""
    return container in _COVERED and codec in ("mjpeg", "png")


_COVERED = frozenset({Container.MP4, Container.M4A, Container.MP3})


def holds_chapters(container: Container) -> bool:
    return container is not Container.OGG


_AAC_RATES = (
    7350,
    8000,
    11025,
    12000,
    16000,
    22050,
    24000,
    32000,
    44100,
    48000,
    64000,
    88200,
    96000,
)
SAMPLE_RATES: Mapping[AudioCodec, tuple[int, ...]] = {
    AudioCodec.AAC: _AAC_RATES,
    AudioCodec.OPUS: (48000,),  # whatever it is given, that is what players are told
    AudioCodec.MP3: (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000),
    AudioCodec.AC3: (32000, 44100, 48000),
    AudioCodec.EAC3: (32000, 44100, 48000),
    AudioCodec.FLAC: (*_AAC_RATES, 176400, 192000),
}
CHANNELS: Mapping[AudioCodec, tuple[int, ...]] = {
    AudioCodec.AAC: (1, 2, 3, 4, 5, 6, 8),
    AudioCodec.OPUS: (1, 2, 3, 4, 5, 6, 7, 8),
    AudioCodec.MP3: (1, 2),
    AudioCodec.AC3: (1, 2, 3, 4, 5, 6),
    AudioCodec.EAC3: (1, 2, 3, 4, 5, 6),
    AudioCodec.FLAC: (1, 2, 3, 4, 5, 6, 7, 8),
}
MOST_BITRATE: Mapping[AudioCodec, int] = {
    AudioCodec.AAC: 288_000, AudioCodec.OPUS: 256_000, AudioCodec.MP3: 160_000,
    AudioCodec.AC3: 320_000, AudioCodec.EAC3: 320_000,
}  # fmt: skip
"""Bit/s that one channel may have, in stereo."""

LOSSLESS = frozenset({"flac", "alac", "truehd", "mlp", "tta", "wavpack"})

_STEPS: Mapping[AudioCodec, tuple[int, ...]] = {
    AudioCodec.MP3: (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160, 192, 224, 256, 320),
    AudioCodec.AC3: (
        32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 576, 640
    ),
}  # fmt: skip


def sound_bitrate(codec: AudioCodec, *, stereo: int, channels: int) -> int:
    """Bit/s for that many channels, where two are to have ``stereo``; 0 for what is lossless.

    From the third channel on, each counts four fifths: they have less to say.
    """
    if codec not in MOST_BITRATE:
        return 0
    wanted = stereo * channels / 2 if channels <= 2 else stereo * (1 + (channels - 2) * 0.4)
    wanted = min(wanted, MOST_BITRATE[codec] * channels)
    steps = [step * 1000 for step in _STEPS.get(codec, ())]
    if steps:
        return max((step for step in steps if step <= wanted), default=steps[0])
    return max(8_000, round(wanted / 1000) * 1000)


def sample_rate_made(codec: AudioCodec, source: int | None, most: int | None) -> int:
    """The rate to encode at: the source's if it may be, else a whole part of it, else the next."""
    allowed = [rate for rate in SAMPLE_RATES[codec] if most is None or rate <= most]
    allowed = allowed or [SAMPLE_RATES[codec][0]]
    if source is None:
        return 48_000 if 48_000 in allowed else allowed[-1]
    parts = [rate for rate in allowed if rate >= 32_000 and source % rate == 0]
    if source in allowed or parts:
        return source if source in allowed else parts[-1]
    return next((rate for rate in allowed if rate >= source), allowed[-1])


def channels_made(codec: AudioCodec, source: int | None, most: int | None) -> int:
    """How many channels to encode: no more than there are, than are wanted, than the codec has."""
    ceiling = min(source or 2, most or 8)
    return max((one for one in CHANNELS[codec] if one <= ceiling), default=1)
