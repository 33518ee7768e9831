"""A plan in ffmpeg's words: which options, with which values, in which order."""

from apps.ffmpeg.transcoding.commands.texts import sidecar_command
from apps.ffmpeg.transcoding.commands.whole import chunk_command, command

__all__ = ["chunk_command", "command", "sidecar_command"]
