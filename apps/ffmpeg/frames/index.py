"""The key frames that a container's index names."""

from av.container import InputContainer
from av.video.stream import VideoStream

from apps.ffmpeg.probe import LONGEST_S

_WHOLE = 0.8  # of the duration, which edit lists and long last frames make inexact


def key_times(container: InputContainer, stream: VideoStream) -> list[int]:
    """Their times in the stream's ticks (mov: when they are decoded), rising.

    Empty where there is no index of all of the video. May seek. Raises FFmpegError.
    """
    name = container.format.name
    if name.startswith("matroska"):  # a seek makes it read the cues, or else the file
        container.seek(container.duration or LONGEST_S * 1_000_000)
    elif not (name == "avi" or (name.startswith("mov") and _reaches_the_end(stream))):
        return []
    return sorted({one.timestamp for one in stream.index_entries if one.is_keyframe})


def _reaches_the_end(stream: VideoStream) -> bool:
    """The index of a fragmented file grows as it is read."""
    entries, ticks = stream.index_entries, stream.duration or 0
    return len(entries) > 0 and entries[len(entries) - 1].timestamp >= ticks * _WHOLE
