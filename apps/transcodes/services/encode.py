"""Making and proving a draft, by the first way that this machine doesn't refuse."""

import shlex
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from apps.core.errors import MediaHubError
from apps.core.progress import Progress
from apps.ffmpeg.facts import MediaFacts
from apps.ffmpeg.transcoding.checking import check
from apps.ffmpeg.transcoding.commands import command, sidecar_command
from apps.ffmpeg.transcoding.plans import Plan, Rung, SubtitleDeed
from apps.ffmpeg.transcoding.refusals import Next, classify
from apps.ffmpeg.transcoding.running import Ended, encode
from apps.ffmpeg.transcoding.spec import Spec
from apps.jobs.context import JobPostponed
from apps.library.services.media import programs
from apps.machines.services import gates, inventory, seats

_SEAT_AGAIN = timedelta(seconds=30)
_ROOM_AGAIN = timedelta(minutes=5)
_LONGEST_COMMAND = 20_000
_NOTED_LINES = 20


class NoEncoder(MediaHubError):
    """There is no ffmpeg, or nothing on this machine could do the plan."""

    code = "no_encoder"


class EncodeFailed(MediaHubError):
    """ffmpeg ended with an error that another way wouldn't spare."""

    code = "encode_failed"


class EncodeCut(MediaHubError):
    """ffmpeg was ended from outside: it is tried again."""

    code = "encode_cut"
    passing = True


class SourceDamaged(MediaHubError):
    """The source can't be read to its end without errors: what was made of it would lack that."""

    code = "source_damaged"


class NeedsProcessor(MediaHubError):
    """A graphics card refused: the rest is for a worker without one."""

    code = "needs_processor"
    passing = True


@dataclass
class Making:
    """A draft to be made. ``attempts`` is added to; ``write`` keeps columns of the row."""

    plan: Plan
    spec: Spec
    facts: MediaFacts
    source: bytes
    draft: bytes
    source_bytes: int
    on_card: bool
    report: Progress
    note: Callable[[str], None]
    attempts: list[dict[str, Any]]
    write: Callable[..., None]


Encoded = Callable[[Making], tuple[Rung, Ended]]


@dataclass(frozen=True, slots=True)
class Made:
    """A proven draft: by which encoder of which card, and what was found."""

    encoder: str
    card: str
    proof: dict[str, Any]


def make(making: Making, *, encoded: Encoded | None = None) -> Made:
    """Write the draft and prove it; ``encoded`` writes it in another way than in one piece.

    Raises NoEncoder, EncodeFailed, SourceDamaged, OutputRefused, Stalled, TooLarge, JobPostponed
    while all cards or the disk are full, NeedsProcessor, and what ``report`` raises.
    """
    rung, ended = (encoded or _encode)(making)
    proof = check(
        source=making.source, output=making.draft, plan=making.plan, spec=making.spec,
        facts=making.facts, source_bytes=making.source_bytes, program=program(),
        report=making.report, ended=ended,
    )  # fmt: skip
    _write_sidecars(making)
    return Made(rung.encoder, rung.card, proof.to_json())


def _encode(making: Making) -> tuple[Rung, Ended]:
    """By the first rung that isn't refused."""
    refused = {one["encoder"] + one["card"] for one in making.attempts if one.get("refused")}
    full = ""
    for rung in making.plan.rungs:
        if making.on_card and not rung.uses_gpu and rung.encoder:
            if full:
                break
            raise NeedsProcessor("The graphics cards refused: the processor does it.")
        if rung.uses_gpu and not rung.reduced and rung.encoder + rung.card in refused:
            continue
        try:
            with _seat(rung):
                ended = _run(making, rung)
        except seats.NoSeat as reason:
            full = str(reason)
            continue
        if ended.returncode == 0 and not _is_cut(ended):
            return rung, ended
        judge(making, rung, ended)
    if full:
        raise JobPostponed(full, _SEAT_AGAIN)
    raise NoEncoder(
        "Nothing on this machine could do it: see what was tried, and why it was refused."
    )


def _is_cut(ended: Ended) -> bool:
    """ffmpeg may call it a success when the disk was too full for a file's last part."""
    return bool(ended.lines) and classify(ended.lines).next is Next.DISK


def _run(making: Making, rung: Rung) -> Ended:
    able = inventory.abilities()
    line = command(
        making.plan, making.spec, rung, program=program(), source=making.source,
        output=making.draft, filters=able.filters or None,
    )  # fmt: skip
    making.write(command=as_text(line), encoder=rung.encoder, card=rung.card)
    most = making.spec.max_size_percent if rung.encoder else None  # copying is never given up
    return encode(
        line, duration_ms=making.plan.duration_ms, output=making.draft, report=making.report,
        held=lambda: gates.why_pause(gpu=rung.uses_gpu, card=rung.card),
        most_bytes=making.source_bytes * most // 100 if most else None,
    )  # fmt: skip


def as_text(line: list[str | bytes]) -> str:
    """A command as a shell would take it; bytes beyond UTF-8 as ``\\xNN``."""
    words = [
        word.decode("utf-8", "backslashreplace") if isinstance(word, bytes) else word
        for word in line
    ]
    return shlex.join(words)[:_LONGEST_COMMAND].replace("\0", "\\0")


@contextmanager
def _seat(rung: Rung) -> Iterator[None]:
    """A place on the card, for as long as it encodes. Raises NoSeat."""
    if not rung.uses_gpu:
        yield
        return
    with seats.take([rung.card]):
        yield


def judge(making: Making, rung: Rung, ended: Ended) -> None:
    """Note why it ended, and raise unless the next way may do."""
    refusal = classify(ended.lines, returncode=ended.returncode)
    making.attempts.append({
        "encoder": rung.encoder, "card": rung.card, "reduced": rung.reduced,
        "code": refusal.code, "message": refusal.sentence, "seconds": round(ended.wall_s, 1),
        "refused": rung.uses_gpu,
    })  # fmt: skip
    making.write(attempts=making.attempts)
    making.note(f"{rung.encoder or 'ffmpeg'} {rung.card}: {refusal.sentence}")
    for line in ended.lines[-_NOTED_LINES:]:
        making.note(line)
    if rung.uses_gpu:
        inventory.note_refusal(rung.card, rung.encoder, refusal.code)
    match refusal.next:
        case Next.DISK:
            raise JobPostponed(refusal.sentence, _ROOM_AGAIN)
        case Next.RETRY:
            raise EncodeCut(refusal.sentence)
        case Next.FAIL_SOURCE:
            raise SourceDamaged(refusal.sentence)
        case Next.NEXT_RUNG | Next.REDUCE if rung.uses_gpu:
            return
        case _:
            raise EncodeFailed(refusal.sentence)


def _write_sidecars(making: Making) -> None:
    """Subtitles that the container doesn't take, as files beside the draft."""
    made = []
    for subtitle in making.plan.subtitles:
        if subtitle.deed != SubtitleDeed.SIDECAR:
            continue
        suffix = subtitle.suffix.encode()
        made.append(suffix.hex())
        making.write(sidecars=made)
        line = sidecar_command(
            making.plan, subtitle, program=program(), source=making.source,
            output=making.draft + suffix,
        )  # fmt: skip
        ended = encode(
            line, duration_ms=making.plan.duration_ms, output=making.draft + suffix,
            report=making.report,
        )  # fmt: skip
        if ended.returncode != 0:
            made.pop()
            making.note(f"Subtitles {suffix.decode()} can't be read: they are left out.")
    making.write(sidecars=made)


def program() -> str:
    found = programs().ffmpeg
    if found is None:
        raise NoEncoder("There is no ffmpeg to encode with; `manage.py doctor` says more.")
    return found.path
