"""How the source is opened: by which device, and where its frames then lie."""

import os
from collections.abc import Collection

from apps.ffmpeg.formats import FORMAT_WHITELIST, PROTOCOL_WHITELIST
from apps.ffmpeg.transcoding.commands.encoders import family
from apps.ffmpeg.transcoding.plans import Rung, VideoPlan

Words = list[str]

CARDS = {"nvenc": "cuda", "vaapi": "vaapi", "qsv": "qsv", "videotoolbox": "videotoolbox"}
"""What decodes on the card of each kind of encoder."""

_SCALING = {"cuda": "scale_cuda", "vaapi": "scale_vaapi", "qsv": "vpp_qsv"}
_DEINTERLACING = {"cuda": "yadif_cuda", "vaapi": "deinterlace_vaapi", "qsv": "vpp_qsv"}
_DEVICE = "card"
# Frames that wait in NVENC's look-ahead are taken from the decoder's, of which there are few.
_EXTRA_FRAMES = "8"
_ON_CARD_PIXELS = frozenset({"", "yuv420p", "yuv420p10le", "nv12", "p010le"})


def stays_on_card(
    video: VideoPlan | None, rung: Rung, filters: Collection[str] | None = None
) -> str:
    """``cuda``, ``vaapi`` or ``qsv`` if every step can be done in that card's memory, else ``""``.

    Turning, tone mapping and drawing subtitles are the processor's: frames come down for them, as
    they do where this ffmpeg lacks the card's filters. ``filters``: as for ``command``.
    """
    if video is None or video.copy or not rung.decoder:
        return ""
    card = rung.decoder
    if card not in _SCALING or CARDS.get(family(rung.encoder)) != card:
        return ""
    if video.rotation or video.tone_map or video.burn is not None:
        return ""
    needed = {_SCALING[card]} | ({_DEINTERLACING[card]} if video.deinterlace else set())
    if filters is not None and not needed <= set(filters):
        return ""
    # the whole range of values ("j") needs rescaling, which not every card does
    known = {video.source_pixel_format, video.pixel_format} <= _ON_CARD_PIXELS
    return card if known else ""


def devices(video: VideoPlan | None, rung: Rung) -> Words:
    """Global options that open the card and say where frames are uploaded to."""
    if video is None or video.copy:
        return []
    if "vaapi" in (family(rung.encoder), rung.decoder):
        return ["-init_hw_device", f"vaapi={_DEVICE}:{rung.device}", "-filter_hw_device", _DEVICE]
    if "qsv" in (family(rung.encoder), rung.decoder):
        child = f",child_device={rung.device}" if rung.device else ""
        return ["-init_hw_device", f"qsv={_DEVICE}:hw_any{child}", "-filter_hw_device", _DEVICE]
    return []


def decoding(video: VideoPlan | None, rung: Rung, filters: Collection[str] | None = None) -> Words:
    """Options before ``-i``: who decodes, and whether ffmpeg turns what is to be turned.

    ffmpeg turns frames of its own accord before any filter, and takes the note to turn them off the
    output. Frames that stay on a card can't be turned so: there a note, if any, is kept.
    """
    if video is None or video.copy or not rung.decoder:
        return []
    words = ["-hwaccel", rung.decoder]
    if rung.decoder == "cuda":
        words += ["-hwaccel_device", rung.device] if rung.device else []
    elif rung.decoder in ("vaapi", "qsv"):
        words += ["-hwaccel_device", _DEVICE]
    if card := stays_on_card(video, rung, filters):
        words += ["-hwaccel_output_format", card, "-extra_hw_frames", _EXTRA_FRAMES]
        words += ["-noautorotate"]
    return words


def source_file(source: bytes) -> list[str | bytes]:
    """``-i`` and all that keeps a name or a playlist from being anything but this one file."""
    return [
        "-protocol_whitelist", PROTOCOL_WHITELIST, "-format_whitelist", FORMAT_WHITELIST,
        "-i", b"file:" + os.path.abspath(source),
    ]  # fmt: skip
