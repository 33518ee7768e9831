"""Recognising files by their content: what moved, what is a link, what may be a copy.

All that touches storage happens here, before the transaction that writes; whoever writes looks
whether the rows are still as they were read here.

A row has left its place if its path is empty or holds other content now. Nothing is concluded about
rows of other libraries that aren't online.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from django.db import connection

from apps.ffmpeg.hashing import WHOLE_BYTES
from apps.ffmpeg.messages import ProbeResult
from apps.library.models import File, Library
from apps.library.services.scan.compare import PASSING_REASONS, Difference
from apps.library.services.scan.crew import Crew
from apps.library.services.scan.places import Place, Places

Found = tuple[Difference, ProbeResult | None]

# Rows by content, those of the same inode first of all; beyond a number more would tell no more.
# The index is partial: it serves only who says that the content is not empty.
_CANDIDATES = """
    SELECT file.id FROM unnest(%(contents)s::text[], %(inodes)s::numeric[]) AS found(content, inode)
    CROSS JOIN LATERAL (
        SELECT id FROM library_file
        WHERE content = found.content AND content <> '' AND inode = found.inode LIMIT 8) file
    UNION
    SELECT file.id FROM (SELECT DISTINCT unnest(%(contents)s::text[]) AS content) found
    CROSS JOIN LATERAL (
        SELECT id FROM library_file
        WHERE content = found.content AND content <> '' ORDER BY inode LIMIT 64) file
"""
_AT = """
    SELECT file.id FROM unnest(%s::bigint[], %s::bytea[]) AS wanted(folder_id, name)
    JOIN library_file file USING (folder_id, name) WHERE file.displaced = 0
"""


@dataclass(frozen=True, slots=True)
class Recognized:
    """A finding with what is known of its content.

    ``row`` stands at its path now, and is the same file or was replaced by it. ``moved`` is a row
    from elsewhere that it is; ``twin`` one that is the same file under another name (a hard link),
    or has the same bytes. ``undecided``: whole files have to be compared first.
    ``replaces``: other content in the place of ``row``, which may still turn up elsewhere.
    """

    difference: Difference
    result: ProbeResult | None
    row: File | None
    moved: File | None = None
    twin: File | None = None
    undecided: bool = False
    replaces: bool = False


@dataclass(slots=True)
class Recognizer:
    """Recognises the findings of one scan, a batch at a time. No row moves twice in it.

    ``device`` is that of the library's root, which must not go away meanwhile.
    """

    library: Library
    device: int
    crew: Crew
    _moved: set[int] = field(default_factory=set)

    def recognize(self, found: Sequence[Found]) -> list[Recognized]:
        """Raises RootOffline and DiskSilent for the scan's own root."""
        old = _rows_at([d for d, _r in found])
        # what a broken disk told of a file says nothing of its content
        read = {
            d: r for d, r in found
            if r and r.content and r.error not in PASSING_REASONS and not _is_as_before(old[d], r)
        }  # fmt: skip
        rows = known_by_content({(r.content, d.inode) for d, r in read.items()})
        places = Places(
            crew=self.crew, own=self.library, device=self.device,
            now={row.pk: r.content for d, r in found if r and r.content and (row := old[d])},
        )  # fmt: skip
        places.look([row for some in rows.values() for row in some])
        recognized = [
            self._recognize(d, read[d], old[d], rows[read[d].content], places)
            if d in read else Recognized(d, r, old[d], replaces=_is_emptied(old[d], r))
            for d, r in found
        ]  # fmt: skip
        recognized = [
            self._anew(one, rows, places) if self._has_lost_its_row(one) else one
            for one in recognized
        ]
        moved = {one.moved.content: one.moved for one in recognized if one.moved}
        return [_beside(one, moved) for one in recognized]

    def _has_lost_its_row(self, one: Recognized) -> bool:
        """Whether the row at its path turned out to be another finding."""
        return one.moved is None and one.row is not None and one.row.pk in self._moved

    def _anew(self, one: Recognized, rows: dict[str, list[File]], places: Places) -> Recognized:
        result = one.result
        if result is None or not result.content or result.error in PASSING_REASONS:
            return replace(one, row=None)
        return self._recognize(one.difference, result, None, rows[result.content], places)

    def forget(self, recognized: Sequence[Recognized]) -> None:
        """What was recognised could not be written."""
        self._moved.difference_update(one.moved.pk for one in recognized if one.moved)

    def _recognize(
        self,
        difference: Difference,
        result: ProbeResult,
        old: File | None,
        rows: list[File],
        places: Places,
    ) -> Recognized:
        others = [
            row for row in rows
            if row.size_bytes == difference.size_bytes and (old is None or row.pk != old.pk)
        ]  # fmt: skip
        place = {row.pk: places.of(row, difference) for row in others}
        left = [
            row for row in others if place[row.pk] is Place.LEFT and row.pk not in self._moved
        ]  # fmt: skip
        here = [row for row in others if place[row.pk] is Place.HERE]
        away = [row for row in others if place[row.pk] is Place.UNKNOWN]
        if old is not None and old.content == result.content:  # it lacks a video, no more
            second = _second(difference, result, here, places)
            return replace(second, row=old, undecided=second.undecided or bool(left))
        if left and (row := self._best(left, difference, result)):
            self._moved.add(row.pk)
            return replace(_second(difference, result, here, places), row=old, moved=row)
        if old is not None:
            if old.video_id is None:
                second = _second(difference, result, here, places)
                return replace(second, row=old, replaces=True)
            return Recognized(difference, result, old, replaces=True)
        if not here and (row := _from_away(away, difference)):
            return Recognized(difference, result, None, twin=row)
        return _second(difference, result, here, places)

    def _best(self, left: list[File], difference: Difference, result: ProbeResult) -> File | None:
        """Which of the rows that left their places is this file."""
        same = [row for row in left if _is_untouched(row, difference)]
        doubt = len(left) > 1 or left[0].mtime_ns != difference.mtime_ns
        if not same and doubt and any(row.md5 for row in left):
            md5 = result.md5 or self.crew.checks.read(difference, self.library, md5=True).md5
            left = [row for row in left if row.md5 in {"", md5}]
        by_likeness = sorted(
            same or left,
            key=lambda row: (
                bytes(row.name) != difference.name, row.folder_id != difference.folder.pk, row.pk,
            ),
        )  # fmt: skip
        return next(iter(by_likeness), None)


def known_by_content(wanted: set[tuple[str, int]]) -> dict[str, list[File]]:
    """Rows by content fingerprint, for pairs of content and inode, in two queries."""
    rows: dict[str, list[File]] = defaultdict(list)
    if wanted:
        contents, inodes = zip(*sorted(wanted), strict=True)
        with connection.cursor() as cursor:
            cursor.execute(_CANDIDATES, {"contents": list(contents), "inodes": list(inodes)})
            ids = [pk for (pk,) in cursor.fetchall()]
        known = File.objects.filter(pk__in=ids).select_related("library", "folder").order_by("pk")
        for file in known:
            rows[file.content].append(file)
    return rows


def _rows_at(differences: Sequence[Difference]) -> dict[Difference, File | None]:
    """The rows that stand at paths now: some may have come or gone since they were compared."""
    with connection.cursor() as cursor:
        cursor.execute(_AT, [[d.folder.pk for d in differences], [d.name for d in differences]])
        rows = File.objects.in_bulk([pk for (pk,) in cursor.fetchall()]).values()
    by_path = {(row.folder_id, bytes(row.name)): row for row in rows}
    return {d: by_path.get((d.folder.pk, d.name)) for d in differences}


def _second(
    difference: Difference, result: ProbeResult, here: list[File], places: Places
) -> Recognized:
    """A file that is no known row, but may be a second one of a known video."""
    with_video = [row for row in here if row.video_id]
    for row in with_video:
        if places.is_same_inode(row, difference):
            return Recognized(difference, result, None, twin=row)
    for row in with_video:
        if _has_same_bytes(difference, result, row):
            return Recognized(difference, result, None, twin=row)
    doubt = any(not (row.md5 and result.md5) for row in here)
    return Recognized(difference, result, None, undecided=doubt)


def _beside(one: Recognized, moved: dict[str, File]) -> Recognized:
    """A new file as what it is beside a known one that has moved in the same batch: a copy."""
    if one.result is None or one.row or one.moved or one.twin or one.undecided:
        return one
    row = moved.get(one.result.content)
    if row is None or row.size_bytes != one.difference.size_bytes:
        return one
    if row.video_id and _has_same_bytes(one.difference, one.result, row):
        return replace(one, twin=row)
    return replace(one, undecided=not (row.md5 and one.result.md5))


def _from_away(rows: list[File], difference: Difference) -> File | None:
    """A file of a library whose disk is away, by its time, too: such a disk was copied, say."""
    return next((row for row in rows if row.video_id and row.mtime_ns == difference.mtime_ns), None)


def _has_same_bytes(difference: Difference, result: ProbeResult, row: File) -> bool:
    """For certain, of two files of the same content and size."""
    return difference.size_bytes <= WHOLE_BYTES or bool(result.md5 and row.md5 == result.md5)


def _is_as_before(row: File | None, result: ProbeResult) -> bool:
    return row is not None and row.content == result.content and row.video_id is not None


def _is_emptied(row: File | None, result: ProbeResult | None) -> bool:
    """Whether something without a fingerprint stands in the place of a known file."""
    if row is None or result is None or result.error in PASSING_REASONS:
        return False
    return row.content not in ("", result.content)


def _is_untouched(row: File, difference: Difference) -> bool:
    """Whether a row and a finding are one file on disk that nobody wrote to since."""
    return (int(row.inode), row.mtime_ns) == (difference.inode, difference.mtime_ns)
