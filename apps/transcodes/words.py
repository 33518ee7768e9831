"""How profiles, criteria and plans are said to people."""

from collections.abc import Mapping
from typing import Any

from apps.core.units import say_bitrate

FIELDS: Mapping[str, str] = {
    "name": "Name", "description": "Description", "enabled": "Offered",
    "container": "Container", "fast_start": "Index in front", "chapters": "Keep chapters",
    "metadata": "Keep tags", "attachments": "Keep attachments",
    "video_codec": "Codec of the picture", "copy_video": "Leave what complies",
    "other_codecs": "Other codecs that may stay",
    "video_profile": "Codec's profile", "level": "Level", "tier": "Tier",
    "pixel_format": "Format of pixels", "max_width": "Greatest width",
    "max_height": "Greatest height", "max_frame_rate": "Greatest frame rate",
    "max_reference_frames": "Most reference frames", "max_b_frames": "Most B-frames",
    "gop_seconds": "Seconds between key frames", "rate_control": "Aim at", "quality": "Quality",
    "speed": "Speed", "video_bitrate": "Bit rate of the picture", "max_bitrate": "Peak bit rate",
    "buffer_bits": "Buffer", "scaler": "Scaled by", "square_pixels": "Square pixels",
    "deinterlace": "Deinterlace", "constant_frame_rate": "Even frame rate",
    "hdr": "High dynamic range", "audio_codec": "Codec of the sound",
    "copy_audio": "Codecs that may stay", "audio_tracks": "Tracks kept",
    "audio_languages": "Languages kept", "max_channels": "Most channels",
    "audio_bitrate": "Bit rate of the sound", "max_sample_rate": "Greatest sample rate",
    "downmix": "Mixed down", "text_subtitles": "Text subtitles",
    "image_subtitles": "Image subtitles", "subtitle_languages": "Languages of subtitles",
    "use_gpu": "Use graphics cards", "cpu_fallback": "Else the processor",
    "short_seconds": "Seconds that are short", "ssim_floor": "Least SSIM",
    "vmaf_floor": "Least VMAF", "max_size_percent": "Largest size, in %", "place": "Where to",
    "suffix": "Suffix", "tree": "Other folder", "hard_links": "If it has other names",
    "tell_servers": "Tell media servers",
}  # fmt: skip
# What a criterion asks about, where that isn't what the field of the form is called.
_CRITERIA: Mapping[str, str] = {
    "video_codec": "Picture", "audio_codec": "Sound", "max_width": "Width",
    "max_height": "Height", "max_frame_rate": "Frame rate", "max_reference_frames":
    "Reference frames", "max_b_frames": "B-frames", "gop_seconds": "Key frames",
    "max_bitrate": "Bit rate of the picture", "max_channels": "Channels", "max_sample_rate":
    "Sample rate", "pixel_format": "Pixels", "square_pixels": "Shape of pixels",
    "deinterlace": "Scanning", "hdr": "Dynamic range", "audio_tracks": "Tracks of sound",
    "chapters": "Chapters", "metadata": "Tags", "attachments": "Attachments",
}  # fmt: skip
CHOICES: Mapping[str, str] = {
    "mp4": "MP4", "matroska": "Matroska (MKV)", "webm": "WebM", "m4a": "M4A", "ogg": "Ogg",
    "mp3": "MP3", "avi": "AVI", "mov": "QuickTime", "mpegts": "MPEG-TS", "h264": "H.264",
    "hevc": "HEVC (H.265)", "av1": "AV1", "vp9": "VP9",
    "aac": "AAC", "opus": "Opus", "ac3": "AC-3", "eac3": "E-AC-3", "flac": "FLAC",
    "copy": "as it is", "none": "left out", "quality": "a quality", "bitrate": "a bit rate",
    "tone_map": "mapped to SDR", "keep": "kept", "refuse": "such films are refused",
    "first": "the first", "languages": "those in some languages", "all": "all",
    "standard": "evenly", "dialogue": "with the voices in front",
    "sidecar": "files beside the film", "burn": "drawn into the picture", "drop": "left out",
    "always": "always", "short": "for short films", "never": "never",
}  # fmt: skip
_RATES = ("video_bitrate", "max_bitrate", "audio_bitrate")
_UNITS = {"max_sample_rate": "Hz", "max_width": "pixels", "max_height": "pixels"}
_DEEDS: Mapping[str, tuple[str, str]] = {
    "skip": ("nothing to do", "success"), "refuse": ("can't be done", "danger"),
    "remux": ("another container", "info"), "audio": ("the sound anew", "info"),
    "video": ("the picture anew", "info"), "both": ("picture and sound anew", "info"),
}  # fmt: skip


def say_deed(deed: str) -> tuple[str, str]:
    """What a plan comes to, and the colour of its label."""
    return _DEEDS.get(deed, (deed, "default"))


def say_criterion(name: str) -> str:
    """What a criterion asks about: ``Frame rate``."""
    return _CRITERIA.get(name) or say_field(name)


def say_found(name: str, said: str) -> str:
    """A value of a criterion as people write it: codecs by their names, numbers with units."""
    if said.startswith(("0 of 0", "0 tracks", "0 attachments")):
        return "none"
    if name in ("audio_codec", "container", "text_subtitles"):
        return " or ".join(_short(one) for one in said.split(" or "))
    unit = _UNITS.get(name)
    return f"{said} {unit}" if unit and said[-1:].isdigit() and "x" not in said else said


def say_field(name: str) -> str:
    """A field of a profile: ``Least SSIM``."""
    return FIELDS.get(name, name.replace("_", " ").capitalize())


def say_value(name: str, value: Any) -> str:
    """A value of a profile's field: ``20 Mbit/s``, ``yes``, ``eng, deu``."""
    if value is None or value in ("", []):
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(str(one) for one in value)
    if name in _RATES:
        return say_bitrate(value)
    if name in ("name", "description", "suffix", "tree"):
        return f"“{value}”"
    return CHOICES.get(str(value), str(value).replace("_", " "))


def say_codecs(video: str, audio: str, container: str) -> str:
    """What a profile makes: ``H.264 and AAC in MP4``."""
    said = ["any" if one == "copy" else _short(one) for one in (video, audio) if one != "none"]
    return f"{' and '.join(said)} in {_short(container)}"


def _short(name: str) -> str:
    return CHOICES.get(name, name).split(" (")[0]
