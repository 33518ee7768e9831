"""What a scan stopped at and asks a person, ready to print."""

from dataclasses import dataclass

from apps.library.choices import Question
from apps.library.models import Library

_LISTED = 50


@dataclass(frozen=True, slots=True)
class QuestionView:
    """``accept`` is the answer's code; ``files`` are some of those that it is about."""

    accept: str
    title: str
    detail: str
    yes: str
    held: int
    scan_id: int | None
    files: list[str]


def question_of(library: Library) -> QuestionView | None:
    """The open question of a library, if there is one."""
    if library.question == Question.OTHER_DISK:
        return QuestionView(
            accept=Question.OTHER_DISK, title="Is this the right disk?",
            detail=library.state_detail, yes="It is the right disk", held=0, scan_id=None, files=[],
        )  # fmt: skip
    if library.question != Question.GONE:
        return None
    scan = library.scans.filter(counts__held__gt=0).order_by("-pk").first()
    held = int(scan.counts["held"]) if scan else 0
    gone = scan.findings.filter(reason="gone").order_by("pk")[:_LISTED] if scan else []
    return QuestionView(
        accept=Question.GONE,
        title=f"Are {held:,} files really gone?" if held else "Are these files really gone?",
        detail=library.state_detail
        or "More files than usual are gone at once, so that nothing was marked missing yet.",
        yes="They are gone: mark them missing",
        held=held,
        scan_id=scan.pk if scan else None,
        files=[finding.path for finding in gone],
    )
