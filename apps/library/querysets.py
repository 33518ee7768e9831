"""Questions about the catalogue."""

import hashlib
from typing import Self

from django.db import models
from django.db.models import Func, Q, Value

from apps.library.choices import Integrity, ProbeState
from apps.library.finding import found


def folder_key(path: bytes) -> bytes:
    """Stands for a folder's relative path in indexes, which long paths outgrow."""
    return hashlib.blake2b(path, digest_size=16).digest()


class FolderQuerySet(models.QuerySet["Folder"]):  # type: ignore[name-defined]
    def within(self, path: bytes) -> Self:
        """A folder and all below it."""
        if not path:
            return self.all()
        below = Q(path__gte=path + b"/") & Q(path__lt=path + b"0")  # "0" follows "/"
        return self.filter(Q(path=path) | below)


class FileQuerySet(models.QuerySet["File"]):  # type: ignore[name-defined]
    def present(self) -> Self:
        """Files that were there at the last scan."""
        return self.filter(missing_since__isnull=True)

    def missing(self) -> Self:
        return self.filter(missing_since__isnull=False)

    def failed(self) -> Self:
        """Files that could not be probed."""
        return self.filter(probe_state=ProbeState.FAILED)

    def at(self, library: models.Model, path: bytes) -> Self:
        """The file at a path relative to its library's root, if it is known."""
        folder, _, name = path.rpartition(b"/")
        return self.filter(
            folder__library=library, folder__key=folder_key(folder), name=name, displaced=0
        )

    def undecided(self) -> Self:
        """Files whose content is known already and who wait to be told apart from it."""
        return self.present().filter(video__isnull=True, probe_state=ProbeState.DONE)

    def unsound(self) -> Self:
        """Files whose content a check found wrong."""
        return self.exclude(integrity__in=[Integrity.UNKNOWN, Integrity.GOOD])

    def not_unsound(self) -> Self:
        """Files that are sound as far as anybody knows."""
        return self.filter(integrity__in=[Integrity.UNKNOWN, Integrity.GOOD])

    def to_verify(self) -> Self:
        """Files whose content can be checked; what could not be probed is known to be unsound."""
        return self.present().filter(probe_state=ProbeState.DONE)


def _holding(words: str) -> Q:
    """A haystack that holds every word."""
    condition = Q()
    for word in words.split():
        folded = Func(Value(word), function="library_fold", output_field=models.TextField())
        core = Func(folded, function="btrim", output_field=models.TextField())
        condition &= Q(haystack__contains=core)
    return condition


class NamedQuerySet(models.QuerySet):
    def named(self, words: str) -> Self:
        """Those that have every word in one of their names."""
        return self.filter(_holding(words))


class TagQuerySet(NamedQuerySet):
    def descendants_of(self, ids: list[int]) -> list[int]:
        """The given tags' ids with those of all tags that they include, in one query."""
        query = """
            WITH RECURSIVE family(id) AS (
                SELECT unnest(%s::bigint[])
                UNION
                SELECT link.child_id
                FROM library_tagparent link JOIN family ON link.parent_id = family.id
            )
            SELECT id FROM family
        """
        return [row.pk for row in self.raw(query, [ids])]


class StudioQuerySet(NamedQuerySet):
    def ancestors_of(self, studio_id: int) -> list[int]:
        """The ids of the studios that one belongs to, its own first, in one query."""
        query = """
            WITH RECURSIVE line(id, parent_id) AS (
                SELECT id, parent_id FROM library_studio WHERE id = %s
                UNION
                SELECT studio.id, studio.parent_id
                FROM library_studio studio JOIN line ON studio.id = line.parent_id
            )
            SELECT id FROM line
        """
        return [row.pk for row in self.raw(query, [studio_id])]


class VideoQuerySet(models.QuerySet["Video"]):  # type: ignore[name-defined]
    def present(self) -> Self:
        """Videos with a file that was there at the last scan."""
        return self.filter(missing_since__isnull=True)

    def missing(self) -> Self:
        return self.filter(missing_since__isnull=False)

    def tagged_all(self, groups: list[list[int]]) -> Self:
        """Videos that have, of each group, at least one tag (a tag with its descendants)."""
        return found(self, Q(*(Q(tag_ids__overlap=group) for group in groups)))

    def tagged_none(self, ids: list[int]) -> Self:
        return self.exclude(tag_ids__overlap=ids)

    def performed_by_all(self, ids: list[int]) -> Self:
        """Videos with every one of these performers."""
        videos = self
        for performer_id in ids:
            videos = videos.filter(performer_links__performer=performer_id)
        return videos

    def search(self, words: str) -> Self:
        """Videos whose title or path holds every word, without regard to case and accents."""
        return found(self, _holding(words))


# What only the database reads, and is long.
DEFERRED = ("haystack", "tag_ids", "performer_ids", "made")


class VideoManager(models.Manager.from_queryset(VideoQuerySet)):  # type: ignore[misc]
    """Leaves out what only the database reads."""

    def get_queryset(self) -> VideoQuerySet:
        return super().get_queryset().defer(*DEFERRED)  # type: ignore[no-any-return]
