"""Names of codecs and containers: those that may be asked for though no file has them now, and
what else people call them."""

from apps.ffmpeg.formats import CONTAINERS

KNOWN: dict[str, frozenset[str]] = {
    "video_codec": frozenset({
        "av1", "cinepak", "dnxhd", "dvvideo", "ffv1", "flv1", "h261", "h263", "h264", "hevc",
        "huffyuv", "indeo5", "mjpeg", "mpeg1video", "mpeg2video", "mpeg4", "msmpeg4v2",
        "msmpeg4v3", "prores", "rawvideo", "rv30", "rv40", "svq3", "theora", "vc1", "vp6", "vp6f",
        "vp8", "vp9", "vvc", "wmv1", "wmv2", "wmv3",
    }),
    "audio_codec": frozenset({
        "aac", "ac3", "alac", "amr_nb", "ape", "cook", "dts", "eac3", "flac", "mp2", "mp3", "opus",
        "pcm_s16le", "pcm_s24le", "truehd", "vorbis", "wavpack", "wmapro", "wmav1", "wmav2",
    }),
    "container": CONTAINERS,
}  # fmt: skip
"""By the column that holds them, as FFmpeg names them."""

ALIASES: dict[str, dict[str, str]] = {
    "video_codec": {
        "h.264": "h264", "avc": "h264", "x264": "h264", "h.265": "hevc", "h265": "hevc",
        "x265": "hevc", "h.266": "vvc", "h266": "vvc", "mpeg-1": "mpeg1video", "divx": "mpeg4",
        "mpeg1": "mpeg1video", "mpeg-2": "mpeg2video", "mpeg2": "mpeg2video", "xvid": "mpeg4",
    },
    "audio_codec": {
        "ac-3": "ac3", "dd": "ac3", "ddp": "eac3", "dca": "dts", "e-ac-3": "eac3",
        "pcm": "pcm_s16le",
    },
    "container": {
        "mkv": "matroska", "ts": "mpegts", "m2ts": "mpegts", "wmv": "asf", "wma": "asf",
        "ogv": "ogg", "ogm": "ogg", "oga": "ogg", "mpg": "mpeg", "vob": "mpeg",
    },
}  # fmt: skip
"""By the column."""
