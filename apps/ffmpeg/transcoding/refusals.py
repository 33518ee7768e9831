"""Why ffmpeg ended with an error, in words for people, and what may be tried next.

The table is data: texts as ffmpeg, its libraries and drivers print them, in the order in which
they count, since one cause draws other errors after it. Texts marked "told" are from reports and
vendors' papers rather than from a machine of ours.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Next(StrEnum):
    """What may help."""

    NEXT_RUNG = "next_rung"  # another encoder or decoder
    REDUCE = "reduce"  # the same encoder with fewer options
    RETRY = "retry"  # the same once more, later
    FAIL_SOURCE = "fail_source"  # nothing: the source is broken
    DISK = "disk"  # room on the disk
    FAIL = "fail"  # nothing: the command or the program is wrong


@dataclass(frozen=True, slots=True)
class Refusal:
    """``code`` is lasting; ``sentence`` is for people, and may quote what ffmpeg said."""

    code: str
    sentence: str
    next: Next


@dataclass(frozen=True, slots=True)
class _Rule:
    code: str
    next: Next
    sentence: str
    texts: tuple[str, ...]


_RULES = (
    _Rule(
        "no_space", Next.DISK, "The disk is full.",
        ("No space left on device", "Disk quota exceeded"),
    ),
    _Rule(
        "no_session", Next.NEXT_RUNG,
        "The graphics card takes no further encoder: its driver allows only so many at once, or its"
        " memory is used up.",
        (  # told
            "OpenEncodeSessionEx failed: out of memory (10)",
            "OpenEncodeSessionEx failed: incompatible client key",
        ),
    ),
    _Rule(
        "no_nvenc", Next.NEXT_RUNG, "This graphics card has no video encoder.",
        (  # told
            "OpenEncodeSessionEx failed: unsupported device (2)",
            "OpenEncodeSessionEx failed: no encode device (1)",
            "No capable devices found", "No NVENC capable devices found",
        ),
    ),
    _Rule(
        "driver_too_old", Next.NEXT_RUNG,
        "The graphics card's driver is older than this ffmpeg needs: bring it up to date.",
        (  # told
            "Driver does not support the required nvenc API version",
            "minimum required Nvidia driver for nvenc",
            "CUDA driver version is insufficient",
        ),
    ),
    _Rule(
        "no_video_capability", Next.NEXT_RUNG,
        "The graphics card's driver is there without its video encoder. In a container, let"
        " NVIDIA_DRIVER_CAPABILITIES contain video.",
        ("Cannot load libnvidia-encode.so.1", "Cannot load libnvcuvid.so.1"),  # told
    ),
    _Rule(
        "no_driver", Next.NEXT_RUNG,
        "There is no driver of an NVIDIA card here: none is built in, or the container lacks it.",
        ("Cannot load libcuda.so.1", "Could not dynamically load CUDA"),
    ),
    _Rule(
        "card_lost", Next.NEXT_RUNG,
        "The graphics card is gone: in a container that is cured by restarting it.",
        (  # told
            "CUDA_ERROR_NO_DEVICE", "CUDA_ERROR_INVALID_DEVICE", "CUDA_ERROR_UNKNOWN",
            "CUDA_ERROR_DEVICE_UNAVAILABLE", "CUDA_ERROR_SYSTEM_NOT_READY", "GPU is lost",
        ),
    ),
    _Rule(
        "card_memory", Next.REDUCE, "The graphics card's memory is used up.",
        (  # told
            "CreateBitstreamBuffer failed: out of memory",
            "CreateInputBuffer failed: out of memory", "CUDA_ERROR_OUT_OF_MEMORY",
            "EncodePicture failed!: out of memory",
            "InitializeEncoder failed: out of memory", "VA_STATUS_ERROR_ALLOCATION_FAILED",
        ),
    ),
    _Rule(
        "settings_refused", Next.REDUCE,
        "The graphics card doesn't encode with these settings, this size or this depth of colour.",
        (  # told
            "InitializeEncoder failed: invalid param",
            "InitializeEncoder failed: unsupported param",
            "B frames as references are not supported", "Lookahead not supported",
            "Temporal AQ not supported", "Max B-frames", "Provided device doesn't support required",
            "RC lookahead not supported", "10 bit encode not supported", "Codec not supported",
            "Driver does not support", "No usable encoding",
            "Selected ratecontrol mode is unsupported",
            "some encoding parameters are not supported", "invalid video parameters (-15)",
            "cannot create compression session", "Error: cannot prepare encoder",
        ),
    ),
    _Rule(
        "no_va_display", Next.NEXT_RUNG,
        "There is no graphics card, or none that this process may open, for VAAPI or Quick Sync.",
        (
            "No VA display found", "Cannot open DRM render node",
            "Failed to initialise VAAPI connection",
            "Error initializing an internal MFX session", "Error creating a MFX session",
            "Error initializing an MFX session",
        ),
    ),
    _Rule(
        "decoder_refused", Next.NEXT_RUNG, "The graphics card doesn't decode this file.",
        (
            "No device available for decoder", "Hardware device setup failed for decoder",
            "Device setup failed for decoder", "Failed setup for format",  # told, from here on
            "hwaccel initialisation returned error", "No decoder surfaces left",
            "cuvidCreateDecoder", "CUDA_ERROR_", "VA_STATUS_ERROR_",
            "Failed to create decode context",
        ),
    ),
    _Rule(
        "no_device", Next.NEXT_RUNG, "The graphics card can't be opened.",
        ("Device creation failed", "for option 'init_hw_device'"),
    ),
    _Rule(
        "filters_dont_fit", Next.NEXT_RUNG,
        "Frames of the graphics card and of the processor can't be mixed so.",
        ("Impossible to convert between the formats supported by the filter",),
    ),
    _Rule(
        "no_encoder", Next.NEXT_RUNG, "This build of ffmpeg lacks the encoder.",
        ("Unknown encoder", "Encoder not found"),
    ),
    _Rule(
        "no_filter", Next.NEXT_RUNG, "This build of ffmpeg lacks a filter.",
        ("No such filter", "Filter not found"),
    ),
    _Rule(
        "container_refused", Next.FAIL, "The container doesn't take one of the streams.",
        ("Could not find tag for codec", "codec not currently supported in container",
         "Only VP8 or VP9 or AV1 video and Vorbis or Opus audio"),
    ),
    _Rule(
        "odd_size", Next.FAIL, "The encoder takes even widths and heights only.",
        ("not divisible by 2",),
    ),
    _Rule(
        "stream_missing", Next.FAIL,
        "The file has other streams than when it was read: scan it anew.",
        ("matches no streams",),
    ),
    _Rule(
        "too_many_waiting", Next.RETRY, "Too many packets of one stream waited for another.",
        ("Too many packets buffered for output stream",),
    ),
    _Rule(
        "option_unknown", Next.FAIL, "This version of ffmpeg doesn't know an option or its value.",
        ("Unrecognized option", "Option not found", "Error parsing option", "out of range [",
         "Error applying encoder options", "Undefined constant or missing"),
    ),
    _Rule(
        "encoder_refused", Next.REDUCE, "The encoder doesn't take these settings.",
        ("Error while opening encoder", "Error setting profile", "Error setting encoder parameters",
         "doesn't support a bit depth", "Invalid channel layout"),
    ),
    _Rule(
        "killed_for_memory", Next.RETRY, "There was too little memory.",
        ("Cannot allocate memory", "Resource temporarily unavailable"),
    ),
    _Rule(
        "denied", Next.FAIL, "A file or folder may not be read or written.",
        ("Permission denied", "Read-only file system"),
    ),
    _Rule(
        "source_gone", Next.FAIL_SOURCE,
        "The file, or the folder it goes to, isn't there any more.",
        ("No such file or directory", "Stale file handle"),
    ),
    _Rule(
        "disk_fault", Next.FAIL_SOURCE, "The disk or the network share couldn't be read.",
        ("Input/output error", "Transport endpoint is not connected"),
    ),
    _Rule(
        "source_damaged", Next.FAIL_SOURCE, "The source is damaged, or isn't media at all.",
        ("moov atom not found", "Invalid data found when processing input", "Error demuxing input",
         "Error submitting packet to decoder", "End of file", "Format not on whitelist",
         "does not contain any stream"),
    ),
)  # fmt: skip

_SPEAKER = re.compile(r"^(?:\[[^\]]* @ 0x[0-9a-f]+\] )+")
_CHATTER = re.compile(r"^Svt\[(?:info|warn)\]|^-{5,}|^\s*$")
_LONGEST = 300
_KILLED = (-9, 137)
_WAS_KILLED = Refusal(
    "killed", "ffmpeg was killed, most likely because memory was running out.", Next.RETRY
)


def classify(lines: Sequence[str], *, returncode: int | None = None) -> Refusal:
    """What the lines of stderr come to, by the first rule that any of them fits.

    Unknown words are quoted, under the code ``unknown``: another encoder is worth trying then.
    ``returncode`` tells of a kill by the system, which leaves no words.
    """
    said = [line for line in lines if not _CHATTER.match(line)]
    for rule in _RULES:
        if any(text in line for text in rule.texts for line in said):
            return Refusal(rule.code, rule.sentence, rule.next)
    if returncode in _KILLED:
        return _WAS_KILLED
    quoted = reason(said)
    sentence = f"ffmpeg said: {quoted}" if quoted else "ffmpeg ended without saying why."
    return Refusal("unknown", sentence, Next.NEXT_RUNG)


def reason(lines: Sequence[str]) -> str:
    """The first line that says something, without who says it: later ones only follow from it."""
    said = (_SPEAKER.sub("", line).strip() for line in lines if not _CHATTER.match(line))
    return next((line[:_LONGEST] for line in said if line), "")
