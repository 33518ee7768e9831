"""What scans found, and two of them compared."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import QueryDict
from django.shortcuts import get_object_or_404
from django.utils import timezone

from apps.core.pages import AdminPage
from apps.core.units import say_ago, say_bytes, say_seconds
from apps.library.choices import ScanKind
from apps.library.models import Library, Scan
from apps.library.services.compare import Change, Fate, compare_scans

# As people read them: what came, what went, what stayed, what went wrong.
_COUNTS = ("added", "changed", "moved", "missing", "returned", "unchanged", "failed", "skipped")
_SIZES = ("bytes", "grew_bytes", "shrank_bytes")
_SIZE_NAMES = {"bytes": "in all", "grew_bytes": "grown", "shrank_bytes": "shrunk"}
_SCANS = 20
_WATCH_SCANS = 3
_FINDINGS = 50
_CHANGES = 50


@dataclass(frozen=True, slots=True)
class ScanView:
    """A scan, ready to print."""

    pk: int
    scope: str
    when: str
    took: str
    speed: str
    complete: bool
    counts: list[tuple[str, str]]
    sizes: list[tuple[str, str]]
    told: str


@dataclass(frozen=True, slots=True)
class FatesView:
    """What became of files between two scans, with a page of them."""

    sums: list[tuple[str, str, str]]
    chosen: str
    changes: list[tuple[Change, str]]
    previous: int | None
    next: int | None


def scan_view(scan: Scan, *, now: datetime) -> ScanView:
    counts = scan.counts
    end = scan.finished_at or now
    seconds = (end - scan.started_at).total_seconds()
    done = sum(_number(counts, name) for name in _COUNTS[:6] if name != "missing")
    told = [f"{_number(counts, name):,} {name}" for name in _COUNTS if _number(counts, name)]
    return ScanView(
        pk=scan.pk,
        scope=", ".join(scan.paths) or ("everything anew" if scan.rescan else "everything"),
        when=say_ago(scan.started_at, now=now),
        took=say_seconds(seconds),
        speed=f"{done / seconds:,.0f} files a second" if seconds >= 1 else "",
        complete=scan.walked,
        counts=[(name, f"{_number(counts, name):,}") for name in _COUNTS],
        sizes=[(_SIZE_NAMES[name], say_bytes(_number(counts, name))) for name in _SIZES],
        told=", ".join(told) or "no files",
    )


class ScanPage(AdminPage):
    """One scan: counts, findings by reason, and the difference to another scan."""

    title = "Scan"
    name = "library_scan"
    route = "scans/<int:pk>/"
    permission_required = "library.view_library"
    template_name = "admin/library/scan.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        now = timezone.now()
        scan = get_object_or_404(Scan.objects.select_related("library"), pk=kwargs.pop("pk"))
        others = [other for other in recent_scans(scan.library) if other.pk != scan.pk]
        other = self._other(scan, others)
        reason = self.request.GET.get("reason", "")
        findings = scan.findings.order_by("pk")
        shown = findings.filter(reason=reason) if reason else findings
        page = Paginator(shown, _FINDINGS).get_page(self.request.GET.get("p"))
        return super().get_context_data(
            title=f"Scan of {scan.library}",
            scan=scan,
            view=scan_view(scan, now=now),
            others=[scan_view(one, now=now) for one in others],
            other=other and scan_view(other, now=now),
            compared=compare(scan, other) if other else [],
            fates=fates_between(scan, other, self.request.GET) if other else None,
            reasons=by_reason(scan.findings.values_list("reason").annotate(n=Count("pk"))),
            reason=reason,
            findings=page,
            **kwargs,
        )

    def _other(self, scan: Scan, others: Sequence[Scan]) -> Scan | None:
        """The scan asked for, else the one before this one."""
        asked = self.request.GET.get("with", "")
        chosen = [other for other in others if str(other.pk) == asked]
        before = [other for other in others if other.pk < scan.pk]
        return next(iter([*chosen, *before]), None)


def compare(scan: Scan, other: Scan) -> list[tuple[str, str, str, str]]:
    """Name, then, now and difference of every count."""
    rows = []
    for name in (*_COUNTS, *_SIZES):
        then, now = _number(other.counts, name), _number(scan.counts, name)
        say = say_bytes if name in _SIZES else "{:,}".format
        sign = "+" if now > then else "-" if now < then else ""
        difference = f"{sign}{say(abs(now - then))}" if sign else "same"
        label = _SIZE_NAMES.get(name, name)
        rows.append((f"size {label}" if name in _SIZES else label, say(then), say(now), difference))
    return rows


def fates_between(scan: Scan, other: Scan, asked: QueryDict) -> FatesView:
    """``?fate=`` names which files are listed, ``?from=`` the first of them."""
    comparison = compare_scans(scan, other)
    chosen = asked.get("fate", "")
    fate = Fate(chosen) if chosen in Fate.values else None
    first = asked.get("from", "")
    offset = int(first) if first.isdecimal() and len(first) < 10 else 0
    found = comparison.changes(fate, offset=offset, limit=_CHANGES + 1)
    return FatesView(
        sums=[
            (of.value, f"{total.files:,}", say_bytes(total.size_bytes))
            for of, total in comparison.sums().items()
        ],
        chosen=fate.value if fate else "",
        changes=[(change, _told_size(change)) for change in found[:_CHANGES]],
        previous=max(0, offset - _CHANGES) if offset else None,
        next=offset + _CHANGES if len(found) > _CHANGES else None,
    )


def _told_size(change: Change) -> str:
    if change.fate in (Fate.GREW, Fate.SHRANK) and change.size_before is not None:
        return f"{say_bytes(change.size_before)} → {say_bytes(change.size_bytes)}"
    return say_bytes(change.size_bytes)


def _number(counts: dict[str, Any], name: str) -> int:
    value = counts.get(name, 0)
    return value if isinstance(value, int) else 0


def recent_scans(library: Library) -> list[Scan]:
    """A library's newest scans; of the many small ones of its watch only the last few."""
    scans = Scan.objects.filter(library=library).order_by("-pk")
    asked = list(scans.filter(~Q(kind=ScanKind.WATCH))[:_SCANS])
    watched = list(scans.filter(kind=ScanKind.WATCH)[:_WATCH_SCANS])
    return sorted([*asked, *watched], key=lambda scan: -scan.pk)[:_SCANS]


def watched_today(library: Library, *, now: datetime) -> int:
    """How many scans the library's watch began in the last day."""
    last = Scan.objects.filter(library=library, kind=ScanKind.WATCH)
    return last.filter(started_at__gt=now - timedelta(days=1)).count()


def by_reason(pairs: Iterable[tuple[str, int]]) -> list[tuple[str, int]]:
    return sorted(((reason, n) for reason, n in pairs if reason), key=lambda pair: -pair[1])
