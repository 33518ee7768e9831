"""Asking for transcodes: rows are written here, jobs by whoever asks."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import BigIntegerField, Exists, OuterRef, Q, QuerySet
from django.db.models.fields.json import KT
from django.db.models.functions import Cast

from apps.core import context
from apps.core.errors import Conflict
from apps.core.progress import Guard, Progress, silent
from apps.ffmpeg.transcoding.abilities import Abilities
from apps.ffmpeg.transcoding.plans import Plan
from apps.library.models import File, Video
from apps.transcodes.choices import Outcome, Place
from apps.transcodes.models import EncodingProfile, ProfileVersion, Transcode, TranscodeRule
from apps.transcodes.services.profiles import version_of
from apps.transcodes.services.sources import plan_for, source_of

_PORTION = 500
_SAMPLES = 20


class NoPlace(Conflict):
    """The profile doesn't say where files of that place go; nothing was asked for."""

    code = "no_place"


class NothingToDo(Conflict):
    """The file complies already, or can't be transcoded; nothing was asked for."""

    code = "nothing_to_do"


class UnderWay(Conflict):
    """The file is being transcoded with this profile already."""

    code = "under_way"


@dataclass(frozen=True, slots=True)
class Wish:
    """What is wanted of some videos."""

    version: ProfileVersion
    abilities: Abilities
    place: Place
    rule: TranscodeRule | None = None
    user_id: int | None = None

    @classmethod
    def of(
        cls,
        profile: EncodingProfile,
        abilities: Abilities,
        *,
        place: str = "",
        rule: TranscodeRule | None = None,
    ) -> "Wish":
        """Raises NoPlace."""
        check_place(profile, place)
        return cls(
            version_of(profile), abilities, Place(place or profile.place), rule,
            context.current().user_id,
        )  # fmt: skip

    def plan(self, file: File) -> Plan:
        return plan_for(file, self.version.spec, self.abilities)


@dataclass(slots=True)
class Forecast:
    """What transcoding some videos would come to. Seconds are of work by one worker."""

    videos: int = 0
    by_deed: dict[str, int] = field(default_factory=dict)
    source_bytes: int = 0
    foreseen_bytes: int = 0
    foreseen_s: float = 0.0
    samples: list[dict[str, Any]] = field(default_factory=list)

    def add(self, file: File, plan: Plan) -> None:
        self.videos += 1
        self.by_deed[plan.deed] = self.by_deed.get(plan.deed, 0) + 1
        if plan.is_work:
            self.source_bytes += file.size_bytes
            self.foreseen_bytes += plan.foreseen_bytes
            self.foreseen_s += plan.foreseen_s
        if len(self.samples) < _SAMPLES:
            self.samples.append({
                "video": file.video_id, "path": file.path, "deed": plan.deed.value,
                "reason": plan.reason, "source_bytes": file.size_bytes,
                "foreseen_bytes": plan.foreseen_bytes, "foreseen_s": plan.foreseen_s,
            })  # fmt: skip


def check_place(profile: EncodingProfile, place: str) -> None:
    """Raises NoPlace."""
    if place == Place.TREE and not profile.tree:
        raise NoPlace(f"{profile} names no other folder: enter one there first.")


def ask_one(video: Video, wish: Wish) -> Transcode:
    """Write the row of one transcode. Raises NoSource, NothingToDo, UnderWay."""
    file = source_of(video)
    plan = wish.plan(file)
    if not plan.is_work:
        raise NothingToDo(plan.reason)
    try:
        with transaction.atomic():
            return Transcode.objects.create(**_values(file, plan, wish))
    except IntegrityError:
        raise UnderWay(f"{video} is being transcoded with {wish.version} already.") from None


def ask_many(
    videos: QuerySet[Video],
    wish: Wish,
    *,
    again: bool = False,
    report: Progress = silent,
    guard: Guard = transaction.atomic,
) -> Iterator[list[Transcode]]:
    """Write the rows of those videos that don't comply, by the hundred, as they are planned.

    What was tried of the same content with the same version isn't tried ``again``, and what is
    under way isn't asked for twice. ``report`` counts videos.
    """
    done, total = 0, videos.count()
    for files in _portions(_candidates(videos, wish, again=again)):
        rows = []
        for file in files:
            plan = wish.plan(file)
            if plan.is_work:
                rows.append(Transcode(**_values(file, plan, wish)))
        with guard():
            known = {row.file_id for row in rows}
            Transcode.objects.bulk_create(rows, ignore_conflicts=True)
            made = Transcode.objects.open().filter(
                file__in=known, profile=wish.version, job__isnull=True
            )  # fmt: skip
            yield list(made.select_related("library"))
        done += len(files)
        report(min(done, total), total)


def foresee(
    videos: QuerySet[Video], wish: Wish, *, again: bool = False, report: Progress = silent
) -> Forecast:
    """What ``ask_many`` would ask for, and what it would come to; nothing is written."""
    forecast = Forecast()
    for files in _portions(_candidates(videos, wish, again=again)):
        for file in files:
            forecast.add(file, wish.plan(file))
        report(forecast.videos)
    return forecast


def uses_card(transcode: Transcode) -> bool:
    """Whether the first way of its plan is by a graphics card."""
    rungs: Sequence[dict[str, Any]] = transcode.plan.get("rungs") or ()
    return bool(rungs and rungs[0].get("card"))


def _candidates(videos: QuerySet[Video], wish: Wish, *, again: bool) -> QuerySet[File]:
    files = File.objects.filter(
        primary_of__in=videos.order_by().values("pk"), missing_since__isnull=True
    )
    mtime_ns = Cast(KT("source_mark__mtime_ns"), BigIntegerField())
    same = Transcode.objects.annotate(mtime_ns=mtime_ns).filter(
        file=OuterRef("pk"), profile=wish.version, source_bytes=OuterRef("size_bytes"),
        mtime_ns=OuterRef("mtime_ns"),
    ).exclude(outcome=Outcome.CANCELLED)  # fmt: skip
    files = files if again else files.exclude(Exists(same))
    if wish.rule and wish.place != Place.TREE:  # else two rules undo each other's work for ever
        files = files.exclude(Exists(_of_other_rules(wish.rule)))
    return files.select_related("folder", "library").order_by("pk")


def _of_other_rules(rule: TranscodeRule) -> QuerySet[Transcode]:
    """What enabled rules but this one have made of a file, as it is now."""
    mtime_ns = Cast(KT("target_mark__mtime_ns"), BigIntegerField())
    mine = Q(file=OuterRef("pk"), place=Place.REPLACE) | Q(made_file=OuterRef("pk"))
    made: QuerySet[Transcode] = Transcode.objects.annotate(mtime_ns=mtime_ns).filter(
        mine, outcome=Outcome.DONE, rule__enabled=True, target_bytes=OuterRef("size_bytes"),
        mtime_ns=OuterRef("mtime_ns"),
    ).exclude(rule=rule)  # fmt: skip
    return made


def _portions(files: QuerySet[File]) -> Iterator[list[File]]:
    rest: Iterable[File] = files.iterator(chunk_size=_PORTION)
    walk = iter(rest)
    while some := list(islice(walk, _PORTION)):
        yield some


def _values(file: File, plan: Plan, wish: Wish) -> dict[str, Any]:
    folder, name = bytes(file.folder.path), bytes(file.name)
    return {
        "video_id": file.video_id, "library_id": file.library_id, "file": file,
        "profile": wish.version, "rule": wish.rule, "requested_by_id": wish.user_id,
        "place": wish.place, "hard_links": wish.version.values["hard_links"],
        "source": folder + b"/" + name if folder else name,
        "source_mark": {
            "size": file.size_bytes, "mtime_ns": file.mtime_ns, "inode": int(file.inode)
        },
        "source_bytes": file.size_bytes, "plan": plan.to_json(), "reason": plan.reason,
        "foreseen_bytes": plan.foreseen_bytes, "foreseen_s": plan.foreseen_s,
    }  # fmt: skip
