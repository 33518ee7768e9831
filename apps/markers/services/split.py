"""Cuts a video's file into pieces, each finished and checked before the next is begun."""

import json
import os
from pathlib import Path
from typing import Any

from django.conf import settings

from apps.core.progress import Progress, silent
from apps.ffmpeg.cutting.orders import CutFailed
from apps.library.models import Video
from apps.markers.services.sources import Beside, NoFile, cutting, draft, look_beside, unfinished
from apps.markers.services.split_plan import PiecePlan, SplitPlan, plan_split

_OFF_MS = 2_000  # by which all pieces together may differ from the source, if that is to go


def split_video(
    video: Video,
    times_ms: list[int],
    *,
    exact: bool,
    remove_source: bool,
    run: str,
    report: Progress = silent,
) -> dict[str, Any]:
    """Write the pieces beside the source; ``report`` counts seconds.

    ``run`` names this undertaking: pieces that an interrupted attempt at it has finished are kept.
    No file is ever overwritten. The source goes, if it is to, once every piece is there.
    Answers with the pieces, their paths in hexadecimal.
    Raises as ``plan_split``, and CutFailed.
    """
    record = _Record(run)
    if (outcome := record.outcome) is not None:
        return _end(outcome, record)
    plan = plan_split(video, times_ms, exact=exact, is_begun=record.is_begun)
    beside = look_beside(plan.file, plan.targets + [unfinished(t) for t in plan.targets])
    record.check_source(beside.marks[plan.file.location] or {})
    made = [_finish(plan, piece, record, beside, report) for piece in plan.pieces]
    notes = [*plan.notes, *(f"{i}: {t['note']}" for i, t in enumerate(made, 1) if t["note"])]
    if remove_source and (reason := _why_kept(plan, made, report)):
        remove_source = False
        notes.append(f"The source was not removed: {reason}")
    outcome = {
        "pieces": [
            {
                "path": piece.target.hex(), "name": piece.name, "start_ms": piece.start_ms,
                "end_ms": piece.end_ms, "frames": told["frames"], "encoded": told["encoded"],
            }
            for piece, told in zip(plan.pieces, made, strict=True)
        ],
        "notes": notes,
        "remove": plan.file.location.hex() if remove_source else "",
    }  # fmt: skip
    record.outcome = outcome
    return _end(outcome, record)


def _end(outcome: dict[str, Any], record: "_Record") -> dict[str, Any]:
    """Every piece is there: remove the source if it is to go."""
    if outcome["remove"]:
        try:
            cutting("remove", path=bytes.fromhex(outcome["remove"]), mark=record.source)
        except CutFailed as error:  # the pieces are good all the same
            outcome["notes"].append(str(error))
    return outcome


def forget_run(run: str) -> None:
    """Drop what is remembered of an undertaking that is over."""
    _Record(run).path.unlink(missing_ok=True)


class _Record:
    """What an undertaking has finished, kept until it is over: a file in the data folder."""

    def __init__(self, run: str) -> None:
        self.path = Path(settings.MEDIAHUB_DATA_DIR) / "tmp" / "splits" / f"{run}.json"
        self._values: dict[str, Any] = {"source": None, "pieces": {}, "outcome": None}
        if self.path.exists():
            self._values = json.loads(self.path.read_text())
        self.is_begun = bool(self._values["source"])

    def check_source(self, mark: dict[str, int]) -> None:
        """Raises CutFailed."""
        if self.is_begun and self._values["source"] != mark:
            raise CutFailed("The source has changed since the first pieces were cut.")
        self._values["source"] = mark
        self._save()

    @property
    def source(self) -> dict[str, int]:
        return dict(self._values["source"])

    @property
    def outcome(self) -> dict[str, Any] | None:
        """What it came to, once all pieces are there."""
        outcome: dict[str, Any] | None = self._values["outcome"]
        return outcome

    @outcome.setter
    def outcome(self, outcome: dict[str, Any]) -> None:
        self._values["outcome"] = outcome
        self._save()

    def finished(self, target: bytes) -> dict[str, Any] | None:
        told: dict[str, Any] | None = self._values["pieces"].get(target.hex())
        return told

    def finish(self, target: bytes, told: dict[str, Any]) -> None:
        """Remember a piece that is checked, before it gets its name."""
        self._values["pieces"][target.hex()] = told
        self._save()

    def _save(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self.path.with_suffix(".new")
        with fresh.open("w") as file:
            json.dump(self._values, file)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self.path)


def _finish(
    plan: SplitPlan, piece: PiecePlan, record: _Record, beside: Beside, report: Progress
) -> dict[str, Any]:
    """Have a piece under its final name, whatever of it there is already."""
    part = unfinished(piece.target)
    report(piece.start_ms // 1_000, plan.duration_ms // 1_000, piece=piece.number)
    told = record.finished(piece.target)
    if told and beside.marks.get(piece.target) == told["mark"]:
        cutting("remove", path=part)
        return told
    if not told or beside.marks.get(part) != told["mark"]:
        mode = "join" if plan.exact else "copy"
        with draft(piece.target):
            told = cutting(
                "write", report=report, total_ms=plan.duration_ms, path=plan.file.location,
                output=part, muxer=plan.muxer,
                piece={"start": piece.start, "end": piece.end, "mode": mode},
            )  # fmt: skip
        record.finish(piece.target, told)
    with draft(piece.target):
        cutting("place", unfinished=part, target=piece.target)
    return told


def _why_kept(plan: SplitPlan, made: list[dict[str, Any]], report: Progress) -> str:
    """Why the source can't go: the pieces, together, aren't all of it. Empty if they are."""
    if plan.left_out:
        return f"the pieces can't keep {', '.join(plan.left_out)}."
    together = sum(told["duration_ms"] for told in made)
    if abs(together - plan.duration_ms) > _OFF_MS:
        return (
            f"the pieces last {together / 1_000:g} s together, it lasts "
            f"{plan.duration_ms / 1_000:g} s."
        )
    try:
        whole = cutting(
            "count", report=report, base_ms=plan.duration_ms, total_ms=plan.duration_ms,
            path=plan.file.location,
        )  # fmt: skip
        seen = look_beside(plan.file, plan.targets)
    except (CutFailed, NoFile) as error:
        return str(error)
    for name in ("others",) if plan.exact else ("others", "frames"):
        held = sum(told[name] for told in made)
        if held != whole[name]:
            return f"the pieces hold {held} of its {whole[name]} packets."
    if any(
        seen.marks[piece.target] != told["mark"]
        for piece, told in zip(plan.pieces, made, strict=True)
    ):
        return "a piece is no longer what was written."
    return ""
