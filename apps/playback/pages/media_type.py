"""What a file is called to a browser, which then says whether it can play it (RFC 6381)."""

from typing import Any

from apps.library.models import File
from apps.playback.services.hls.codecs import copied_picture

_CONTAINERS = {
    "mp4": "mp4", "m4v": "mp4", "mov": "mp4", "m4a": "mp4", "3gp": "mp4", "webm": "webm",
    "matroska": "x-matroska", "ogg": "ogg", "mp3": "mpeg", "flac": "flac", "wav": "wav",
    "aac": "aac",
}  # fmt: skip
_WITHOUT_CODECS = {"mpeg", "flac", "wav", "aac"}  # the container's name says it all
_AUDIO = {
    "aac": "mp4a.40.2", "mp3": "mp4a.40.34", "opus": "opus", "vorbis": "vorbis", "flac": "flac",
    "ac3": "ac-3", "eac3": "ec-3", "alac": "alac",
}  # fmt: skip
_PCM = "1"


def media_type(file: File) -> str:
    """``video/mp4; codecs="avc1.64001F, mp4a.40.2"``; empty where no browser has a name for it."""
    container = _CONTAINERS.get(file.container, "")
    shown = [s for s in file.streams if s.get("type") == "video" and not s.get("attached_pic")]
    heard = [s for s in file.streams if s.get("type") == "audio"]
    names = [_video_codec(s) for s in shown[:1]] + [_audio_codec(s) for s in heard[:1]]
    if not container or not names or "" in names:
        return ""
    kind = f"{'video' if shown else 'audio'}/{container}"
    return kind if container in _WITHOUT_CODECS else f'{kind}; codecs="{", ".join(names)}"'


def _video_codec(stream: dict[str, Any]) -> str:
    if stream.get("codec") in ("vp8", "theora"):
        return str(stream["codec"])
    return copied_picture({**stream, "rotation": 0})  # a player of files turns the picture itself


def _audio_codec(stream: dict[str, Any]) -> str:
    codec = str(stream.get("codec", ""))
    return _PCM if codec.startswith("pcm_") else _AUDIO.get(codec, "")
