"""What players ask for: playlists, and segments that are made while they wait."""

import hashlib
import time
from bisect import bisect_right
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django.conf import settings

from apps.core import process
from apps.core.errors import MediaHubError
from apps.ffmpeg.binaries import Program
from apps.library.models import File
from apps.library.services.media import programs
from apps.playback.services.hls.encoder import Order
from apps.playback.services.hls.key_frames import key_frames_ms
from apps.playback.services.hls.ladder import Variant, may_be_copied, variants
from apps.playback.services.hls.place import INIT, Place
from apps.playback.services.hls.session import Session
from apps.playback.services.hls.slots import SessionsFull, claim, sweep, withdraw

_PATIENCE_S = 20.0
_LOOK_S = 0.005
_LOOK_AGAIN_S = 0.25
_QUIET_S = 1.5
_MAKE_WAY_S = 3.0


class NoSuchVariant(MediaHubError):
    """The file has no such variant or segment."""

    code = "no_such_variant"
    status = 404


class NotConverted(MediaHubError):
    """ffmpeg could not make what was asked for; the text says why."""

    code = "not_converted"
    status = 500


class TooSlow(MediaHubError):
    """A segment was not ready in time."""

    code = "too_slow"
    status = 503


class GoneOn(MediaHubError):
    """The same player has asked for another part, or quality, since."""

    code = "gone_on"
    status = 503  # hls.js takes a 4xx for the end of everything


class FfmpegMissing(MediaHubError):
    """There is no ffmpeg, so nothing can be converted."""

    code = "ffmpeg_missing"
    status = 503


@dataclass(frozen=True, slots=True, kw_only=True)
class Watching:
    """A player that shows one variant of a file.

    ``token`` is the player's own: what it asks for next ends what it was shown before.
    ``start_s`` is where it said that it would begin.
    """

    viewer: str
    token: str
    file: File
    variant: Variant
    start_s: float = 0.0


def offered(file: File) -> list[Variant]:
    """The variants in which a file can be watched. Raises NotPlayable and what reading raises."""
    return variants(
        file,
        key_frames_ms=key_frames_ms(file) if may_be_copied(file) else (),
        segment_s=settings.MEDIAHUB_HLS_SEGMENT_SECONDS,
        can_tone_map=_can_tone_map(_ffmpeg().path),
    )


def variant_of(file: File, name: str) -> Variant:
    """Raises NoSuchVariant and what ``offered`` raises."""
    for one in offered(file):
        if one.name == name:
            return one
    raise NoSuchVariant("This video can't be watched in this variant.")


def beginning(watching: Watching) -> bytes:
    """What stands before all segments; the encoder begins at ``start_s``, or goes on where it is.

    Raises what ``segment`` raises.
    """
    place, stream = _place(watching), _stream(watching)
    with suppress(FileNotFoundError):
        return place.path(stream, INIT).read_bytes()
    at_s, last = watching.start_s, place.wanted()
    if last and last.start_s == at_s:  # another variant of what is being watched
        with suppress(FileNotFoundError, IndexError):
            order = Order.from_json(place.order(last.stream))
            if order.path == watching.file.location:
                at_s = order.starts_s[last.number]
    number = max(bisect_right(watching.variant.starts_s, at_s) - 1, 0)
    return _wait(watching, place, number=number, wanted=INIT)


def segment(watching: Watching, number: int) -> bytes:
    """A segment, made by an encoder of this process or another one.

    Raises NoSuchVariant, SessionsFull, NotConverted, GoneOn and TooSlow.
    """
    if number >= len(watching.variant.starts_s):
        raise NoSuchVariant("The video has no such part.")
    return _wait(watching, _place(watching), number=number, wanted=number)


def sweep_leftovers() -> None:
    """Remove what killed processes left behind."""
    sweep(_root(), idle_s=settings.MEDIAHUB_HLS_IDLE_SECONDS)


def _wait(watching: Watching, place: Place, *, number: int, wanted: int) -> bytes:
    """Ask for the segment ``number`` until what is ``wanted`` of it is there."""
    stream, order = _stream(watching), _order(watching)
    since_ns = place.want(stream, number, order=order, start_s=watching.start_s)
    began = looked_at = time.monotonic()
    _see_that_it_is_made(place, make_way_until=began + _MAKE_WAY_S)
    while (now := time.monotonic()) < began + _PATIENCE_S:
        with suppress(FileNotFoundError):
            return place.path(stream, wanted).read_bytes()
        if reason := place.failure(since_ns=since_ns):
            raise NotConverted(reason)
        if now >= looked_at + _LOOK_AGAIN_S:
            looked_at = now
            if _is_forgotten(place, stream, number):
                since_ns = place.want(stream, number, order=order, start_s=watching.start_s)
            _see_that_it_is_made(place, make_way_until=began + _MAKE_WAY_S)
        time.sleep(_LOOK_S)
    raise TooSlow("Converting takes too long on this machine; choose a lower quality.")


def _is_forgotten(place: Place, stream: str, number: int) -> bool:
    """Whether to ask anew: the session has ended, or waits, done with what was asked for since.

    Raises GoneOn when that was something else: players don't always tell us that they gave up.
    """
    current = place.wanted()
    if current is None or not place.knows(current.stream):
        return True
    if (current.stream, current.number) == (stream, number):
        place.touch()
        return False
    distance = abs(current.number - number)
    if current.stream != stream or distance > settings.MEDIAHUB_HLS_AHEAD_SEGMENTS:
        raise GoneOn("The player has asked for another part since.")
    return place.path(stream, current.number).exists() and place.quiet_s() > _QUIET_S


def _see_that_it_is_made(place: Place, *, make_way_until: float) -> None:
    """Become the owner if there is none. Raises SessionsFull once nobody makes way."""
    idle_s = settings.MEDIAHUB_HLS_IDLE_SECONDS
    try:
        lock = claim(place, most=settings.MEDIAHUB_HLS_SESSIONS, idle_s=idle_s)
    except SessionsFull as error:
        if error.makes_way and time.monotonic() < make_way_until:
            return
        withdraw(place)
        raise
    if lock is not None:
        ahead = settings.MEDIAHUB_HLS_AHEAD_SEGMENTS
        try:
            Session(place, lock, ahead=ahead, idle_s=idle_s).start()
        except RuntimeError:  # no thread is to be had: don't hold the slot for good
            lock.release()
            raise


def _place(watching: Watching) -> Place:
    return Place(_root(), Place.key_of(watching.viewer, watching.token))


def _root() -> Path:
    root: Path = settings.MEDIAHUB_DATA_DIR / "tmp" / "hls"
    return root


def _stream(watching: Watching) -> str:
    """Another content or way of making it is another stream."""
    file = watching.file
    about = f"{file.pk} {file.content} {file.mtime_ns} {file.size_bytes} {watching.variant}"
    return hashlib.blake2b(about.encode(), digest_size=10).hexdigest()


def _order(watching: Watching) -> str:
    variant = watching.variant
    return Order(
        program=_ffmpeg().path, path=watching.file.location, recipe=variant.recipe,
        starts_s=variant.starts_s, duration_s=variant.duration_s, segment_s=variant.segment_s,
    ).to_json()  # fmt: skip


def _ffmpeg() -> Program:
    found = programs().ffmpeg
    if found is None:
        raise FfmpegMissing("There is no ffmpeg on this machine, so nothing can be converted.")
    return found


@cache
def _can_tone_map(program: str) -> bool:
    """Whether this build has the filters that bring HDR down to ordinary screens."""
    try:
        ended = process.run([program, "-hide_banner", "-filters"], timeout_s=_PATIENCE_S)
    except process.ProcessFailed:
        return False
    return b" zscale " in ended.stdout and b" tonemap " in ended.stdout
