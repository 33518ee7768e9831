"""Why a file gave no facts or no picture: short stable codes, each with one sentence."""

from enum import StrEnum
from typing import Any

from apps.core.errors import MediaHubError


class Reason(StrEnum):
    """The codes. They are stored and counted: never rename one."""

    EMPTY = "empty"
    TOO_SMALL = "too_small"
    NOT_A_FILE = "not_a_file"
    VANISHED = "vanished"
    UNREADABLE = "unreadable"
    READ_ERROR = "read_error"
    NOT_MEDIA = "not_media"
    PLAYLIST_REFUSED = "playlist_refused"
    MOOV_MISSING = "moov_missing"
    DAMAGED = "damaged"
    NO_STREAMS = "no_streams"
    NO_PICTURE = "no_picture"
    NO_SOUND = "no_sound"
    NO_TEXT = "no_text"
    NO_CHAPTERS = "no_chapters"
    NO_DURATION = "no_duration"
    UNDECODABLE = "undecodable"
    UNDECODABLE_SOUND = "undecodable_sound"
    CHANGED_WHILE_READING = "changed_while_reading"
    OUT_OF_MEMORY = "out_of_memory"
    NOT_WRITTEN = "not_written"
    PROBER_MISSING = "prober_missing"
    PROBER_FAILED = "prober_failed"
    TIMED_OUT = "timed_out"
    CRASHED = "crashed"


_SENTENCES = {
    Reason.EMPTY: "The file is empty.",
    Reason.TOO_SMALL: "The file is too small to hold audio or video.",
    Reason.NOT_A_FILE: "This is not a regular file.",
    Reason.VANISHED: "The file is no longer there.",
    Reason.UNREADABLE: "MediaHub may not read this file; check its permissions.",
    Reason.READ_ERROR: "The disk or the network share failed while the file was read.",
    Reason.NOT_MEDIA: "The content is not audio or video in a format that MediaHub reads.",
    Reason.PLAYLIST_REFUSED: "This is a playlist that names other files or addresses; "
    "MediaHub never opens those.",
    Reason.MOOV_MISSING: "The file has no index: the download or recording was cut short.",
    Reason.DAMAGED: "The file is damaged or incomplete.",
    Reason.NO_STREAMS: "The file holds neither audio nor video.",
    Reason.NO_PICTURE: "The file holds no picture.",
    Reason.NO_SOUND: "The file holds no sound.",
    Reason.NO_TEXT: "The file has no subtitles that can be shown as text.",
    Reason.NO_CHAPTERS: "The file has no chapters.",
    Reason.NO_DURATION: "The file does not say how long it lasts.",
    Reason.UNDECODABLE: "No frame of the video could be decoded.",
    Reason.UNDECODABLE_SOUND: "The sound could not be decoded.",
    Reason.CHANGED_WHILE_READING: "The file changed while it was read; scan again when it is done.",
    Reason.OUT_OF_MEMORY: "Reading the file took more memory than is allowed.",
    Reason.NOT_WRITTEN: "The result could not be written: is the disk full?",
    Reason.PROBER_MISSING: "Neither PyAV nor ffprobe is there to read the file.",
    Reason.PROBER_FAILED: "The program that reads media files answered nonsense.",
    Reason.TIMED_OUT: "Reading the file took too long and was stopped.",
    Reason.CRASHED: "Reading the file crashed the program that read it.",
}


class MediaRefused(MediaHubError):
    """A file that gives no facts or no picture; ``code`` is a Reason."""

    def __init__(self, reason: Reason, detail: str = "") -> None:
        sentence = _SENTENCES[reason]
        super().__init__(f"{sentence[:-1]} ({detail})." if detail else sentence)
        self.code = reason.value
        self.reason = reason
        self.detail = detail

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.reason, self.detail)


def refused_by_system(error: OSError) -> MediaRefused:
    """What an error of the operating system says about a file."""
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return MediaRefused(Reason.VANISHED)
    if isinstance(error, PermissionError):
        return MediaRefused(Reason.UNREADABLE)
    if isinstance(error, IsADirectoryError):
        return MediaRefused(Reason.NOT_A_FILE)
    return MediaRefused(Reason.READ_ERROR, error.strerror or "")
