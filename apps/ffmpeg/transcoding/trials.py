"""What this machine really encodes and decodes, by card and encoder.

What a build lists proves nothing: it names NVENC without a GPU and VAAPI without a driver. So a few
frames are encoded by each, with the options of real work, and decoded again.
"""

import importlib.util
import io
import time
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace

from apps.core import process
from apps.ffmpeg.transcoding.abilities import Abilities, Ability, Card
from apps.ffmpeg.transcoding.commands.encoders import family
from apps.ffmpeg.transcoding.commands.reading import CARDS
from apps.ffmpeg.transcoding.commands.trial import (
    decode,
    decode_on_card,
    encode_frames,
    encode_sound,
)
from apps.ffmpeg.transcoding.plans import Rung
from apps.ffmpeg.transcoding.refusals import Next, Refusal, classify, reason

_PATIENCE_S = 15.0
_LIMITS = process.Limits(cpu_seconds=120)

PICTURE = {
    "h264_nvenc": "h264", "hevc_nvenc": "hevc", "av1_nvenc": "av1",
    "h264_qsv": "h264", "hevc_qsv": "hevc", "av1_qsv": "av1", "vp9_qsv": "vp9",
    "h264_vaapi": "h264", "hevc_vaapi": "hevc", "av1_vaapi": "av1", "vp9_vaapi": "vp9",
    "h264_videotoolbox": "h264", "hevc_videotoolbox": "hevc",
    "libx264": "h264", "libx265": "hevc", "libsvtav1": "av1", "libvpx-vp9": "vp9",
}  # fmt: skip
SOUND = {
    "aac": "aac", "libopus": "opus", "libmp3lame": "mp3", "ac3": "ac3", "eac3": "eac3",
    "flac": "flac",
}  # fmt: skip
TRIED = PICTURE | SOUND
"""Encoders and the codec that each makes."""

_DRIVERS = {
    "nvenc": ("nvidia",), "qsv": ("i915", "xe"),
    "vaapi": ("i915", "xe", "amdgpu", "radeon", "nouveau"), "videotoolbox": ("apple",),
}  # fmt: skip
"""The kernel's drivers whose cards a kind of encoder may be on."""

FILTERS = frozenset({
    "zscale", "tonemap", "bwdif", "ssim", "libvmaf", "overlay", "lutrgb", "colorchannelmixer",
    "scale_cuda", "yadif_cuda", "scale_vaapi", "deinterlace_vaapi", "vpp_qsv",
})  # fmt: skip
"""Filters whose absence changes what commands are."""

_FOR_ALL = frozenset({
    "no_driver", "no_video_capability", "no_nvenc", "driver_too_old", "card_lost", "no_va_display",
    "no_device", "hangs",
})  # fmt: skip
"""Refusals that are about the card: its other encoders of that kind needn't be tried."""

_MISSING = Refusal("no_encoder", "This build of ffmpeg doesn't have it.", Next.NEXT_RUNG)


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of one encoder on one card.

    The decoders are those that ffmpeg and PyAV chose for the codec; None if nothing was encoded.
    """

    ability: Ability
    ffmpeg_decodes: bool | None
    pyav_decodes: bool | None
    took_ms: int


def examine(
    ffmpeg: str,
    cards: Sequence[Card] = (),
    *,
    version: str = "",
    driver: str = "",
    encoders: Collection[str] = TRIED,
) -> Abilities:
    """Try every encoder on each card that it may be on, and on the processor.

    Some seconds; each try is bounded, and a card that isn't there costs 0.2 s a kind of encoder.
    """
    trials = try_all(ffmpeg, cards, encoders=encoders)
    listed = frozenset(_listed(ffmpeg, "-filters"))
    return Abilities(
        tuple(trial.ability for trial in trials), filters=FILTERS & listed, ffmpeg=version,
        driver=driver,
    )  # fmt: skip


def try_all(
    ffmpeg: str, cards: Sequence[Card] = (), *, encoders: Collection[str] = TRIED
) -> tuple[Trial, ...]:
    """The same in detail. A kind of card of which none is listed is tried as if there were one."""
    bench = _Bench(ffmpeg, _listed(ffmpeg, "-encoders"))
    return tuple(
        bench.try_one(encoder, card)
        for encoder in TRIED
        if encoder in encoders
        for card in _cards_for(encoder, cards)
    )


def _cards_for(encoder: str, cards: Sequence[Card]) -> Iterator[Card | None]:
    kind = family(encoder)
    if kind not in _DRIVERS:
        yield None
        return
    found = [card for card in cards if card.kind in _DRIVERS[kind]]
    yield from found or [Card(id=kind, kind=kind, device=_USUAL_DEVICE.get(kind, ""))]


_USUAL_DEVICE = {"nvenc": "0", "vaapi": "/dev/dri/renderD128"}


@dataclass
class _Bench:
    """Tries one encoder after another and learns which cards are no use."""

    ffmpeg: str
    listed: set[str]
    _useless: dict[tuple[str, str], Refusal] = field(default_factory=dict)

    def try_one(self, encoder: str, card: Card | None) -> Trial:
        begun = time.monotonic()
        ability, encoded = self._ability(encoder, card)
        by_ffmpeg = by_pyav = None
        if encoded:
            by_ffmpeg = bool(_run(decode(self.ffmpeg), given=encoded)[0])
            by_pyav = _pyav_decodes(encoded)
        took_ms = round((time.monotonic() - begun) * 1000)
        return Trial(ability, by_ffmpeg, by_pyav, took_ms)

    def _ability(self, encoder: str, card: Card | None) -> tuple[Ability, bytes]:
        rung = Rung(encoder, device=card.device, card=card.id) if card else Rung(encoder)
        encoded, reduced, refusal = self._encode(rung)
        codec, name = TRIED[encoder], card.name if card else ""
        known = Ability(
            encoder, codec, encodes=refusal is None, reason=refusal.sentence if refusal else "",
            card=rung.card, card_name=name, device=rung.device, reduced=reduced,
        )  # fmt: skip
        if refusal is not None:
            return known, b""
        rung = replace(rung, reduced=reduced)
        decoder, ten_bit = self._decoder(rung, codec, encoded), self._is_ten_bit(rung, codec)
        return replace(known, decoder=decoder, ten_bit=ten_bit), encoded

    def _encode(self, rung: Rung) -> tuple[bytes, bool, Refusal | None]:
        """With all options; if it is these that the card refuses, with fewer."""
        if rung.encoder not in self.listed:
            return b"", False, _MISSING
        if rung.encoder in SOUND:
            encoded, refusal = _run(encode_sound(self.ffmpeg, rung.encoder))
            return encoded, False, refusal
        if known := self._useless.get((family(rung.encoder), rung.card)):
            return b"", False, known
        codec = PICTURE[rung.encoder]
        encoded, refusal = _run(encode_frames(self.ffmpeg, rung, codec=codec))
        if refusal is None or not rung.card:
            return encoded, False, refusal
        if refusal.code in _FOR_ALL:
            self._useless[family(rung.encoder), rung.card] = refusal
            return b"", False, refusal
        fewer = replace(rung, reduced=True)
        encoded, again = _run(encode_frames(self.ffmpeg, fewer, codec=codec))
        return encoded, again is None, None if again is None else refusal

    def _is_ten_bit(self, rung: Rung, codec: str) -> bool:
        if rung.encoder in SOUND or (rung.card and codec == "h264"):  # which no card encodes so
            return False
        return bool(_run(encode_frames(self.ffmpeg, rung, codec=codec, ten_bit=True))[0])

    def _decoder(self, rung: Rung, codec: str, encoded: bytes) -> str:
        decoder = CARDS.get(family(rung.encoder), "")
        if not rung.card or not decoder:
            return ""
        line = decode_on_card(self.ffmpeg, replace(rung, decoder=decoder), codec=codec)
        decoded, _ = _run(line, given=encoded)
        return decoder if decoded else ""


def _listed(ffmpeg: str, what: str) -> set[str]:
    output, _ = _run([ffmpeg, "-hide_banner", what])
    lines = output.decode("utf-8", "replace").splitlines()
    return {words[1] for line in lines if len(words := line.split()) > 1}


def _run(
    command: Sequence[str | bytes], *, given: bytes | None = None
) -> tuple[bytes, Refusal | None]:
    """What the command printed, or why it printed nothing."""
    try:
        ended = process.run(
            command, timeout_s=_PATIENCE_S, limits=_LIMITS, input_bytes=given
        )  # fmt: skip
    except process.ProcessFailed as error:
        return b"", Refusal("hangs", str(error), Next.NEXT_RUNG)
    if ended.returncode == 0 and ended.stdout:
        return ended.stdout, None
    said = ended.stderr.decode("utf-8", "replace").splitlines()
    refusal = classify(said, returncode=ended.returncode)
    if refusal.code != "unknown" and (quoted := reason(said)):
        return b"", Refusal(refusal.code, f"{refusal.sentence} ({quoted})", refusal.next)
    return b"", refusal


def _pyav_decodes(encoded: bytes) -> bool:
    """In this process: we made these bytes a moment ago."""
    if importlib.util.find_spec("av") is None:
        return False
    import av

    try:
        with av.open(io.BytesIO(encoded), "r") as container:
            return any(True for _ in container.decode(container.streams[0]))
    except (av.error.FFmpegError, EOFError, ValueError):
        return False
