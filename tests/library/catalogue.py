"""What people may insist on when files come, go and change between two scans.

``Catalogue.now()`` is what the database says, ``on_disk`` what lies in the libraries; ``Judge``
compares a catalogue with the one before, in the light of what is on disk. It says nothing of what
two reasonable people would want differently.
"""

import hashlib
import os
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

from apps.ffmpeg.hashing import Ends, content_fingerprint
from apps.library.choices import ProbeState
from apps.library.models import File, Video

Place = tuple[int, bytes]  # a library's id and a path below its root


class Bytes(NamedTuple):
    """What a file holds: the fast fingerprint may be the same for other bytes."""

    content: str
    md5: str


class Row(NamedTuple):
    """A file in the catalogue."""

    pk: int
    place: Place
    content: str
    video: int | None
    present: bool
    read: bool
    error: str


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Files, and what people wrote on videos."""

    rows: Mapping[int, Row]
    written: Mapping[int, tuple[Any, ...]]
    missing: frozenset[int]
    primary: Mapping[int, int | None]

    @classmethod
    def now(cls) -> Self:
        rows = {}
        for file in File.objects.select_related("folder"):
            folder, name = bytes(file.folder.path), bytes(file.name)
            place = (file.library_id, folder + b"/" + name if folder else name)
            present, read = file.missing_since is None, file.probe_state == ProbeState.DONE
            rows[file.pk] = Row(
                file.pk, place, file.content, file.video_id, present, read, file.probe_error
            )
        written = {}
        missing, primary = set(), {}
        for video in Video.objects.all():
            tags = tuple(sorted(video.tag_ids))
            written[video.pk] = (video.title, video.details, video.rating, tags)
            primary[video.pk] = video.primary_file_id
            if video.missing_since:
                missing.add(video.pk)
        return cls(rows, written, frozenset(missing), primary)

    def at(self, place: Place) -> list[Row]:
        return [row for row in self.rows.values() if row.place == place]

    def present(self) -> dict[Place, Row]:
        return {row.place: row for row in self.rows.values() if row.present}

    def claims(self) -> dict[str, set[int]]:
        """By content, the videos that have a file of it, there or not."""
        found: dict[str, set[int]] = defaultdict(set)
        for row in self.rows.values():
            if row.video and row.content:
                found[row.content].add(row.video)
        return found

    def files_of(self, video: int) -> list[Row]:
        return [row for row in self.rows.values() if row.video == video]


def on_disk(roots: Mapping[int, bytes]) -> dict[Place, Bytes]:
    """What the libraries hold, by place."""
    return {
        (library, os.path.relpath(path, root)): _read(path)
        for library, root in roots.items()
        for path in _files(root)
    }


def _files(root: bytes) -> Iterator[bytes]:
    for folder, _folders, names in os.walk(root):
        yield from (os.path.join(folder, name) for name in names)


def _read(path: bytes) -> Bytes:
    with open(path, "rb") as file:
        ends = Ends(file.fileno(), os.fstat(file.fileno()).st_size)
        return Bytes(
            content_fingerprint(ends),
            hashlib.file_digest(file, "md5").hexdigest(),  # type: ignore[arg-type]
        )


@dataclass(frozen=True, slots=True)
class Judge:
    """Compares two catalogues. ``alike`` are contents that different bytes share; files in
    libraries that are ``offline`` were not looked at.
    """

    before: Catalogue
    after: Catalogue
    disk: Mapping[Place, Bytes]
    alike: Collection[str]
    offline: Collection[int]

    def judge(self) -> None:
        """Raises AssertionError, saying what is wrong."""
        self.nothing_is_lost()
        self.what_is_offline_stays()
        self.present_is_what_is_there()
        for place, held in self.disk.items():
            self.has_a_right_video(place, held)
        for video in self.before.written:
            self.follows_its_content(video)
        self.new_videos_are_told_apart()
        self.videos_agree_with_their_files()

    def nothing_is_lost(self) -> None:
        for video, written in self.before.written.items():
            assert self.after.written.get(video) == written, f"lost: {written}"
            files = self.before.files_of(video)
            assert not files or self.after.files_of(video), f"{written} has lost its file"
        assert self.before.rows.keys() <= self.after.rows.keys(), "rows were deleted"

    def what_is_offline_stays(self) -> None:
        for row in self.before.rows.values():
            if row.place[0] in self.offline and row.present:
                assert self.after.rows[row.pk] == row, "offline, but touched"

    def present_is_what_is_there(self) -> None:
        there = self.after.present()
        online = {place for place in there if place[0] not in self.offline}
        assert online == self.disk.keys(), "not what is on disk"
        for place, held in self.disk.items():
            row = there[place]
            assert row.content == held.content, f"{row} has other content on disk"

    def has_a_right_video(self, place: Place, held: Bytes) -> None:
        row, before = self.after.present()[place], self.before.at(place)
        same = [old for old in before if old.content == held.content and old.present]
        if same:
            assert row.pk == same[0].pk, f"{same[0]} didn't change, but became {row}"
            assert same[0].video in {row.video, None}, f"{same[0]} changed its video: {row}"
            return
        claimants = self.before.claims()[held.content] if row.read else set()
        if row.video is None:
            away = any(self._is_away(video) for video in claimants)
            assert away or not row.read, f"{row} has no video"
            return
        if row.video in self.before.written:
            if row.video not in {old.video for old in before}:
                self._joined_for_a_reason(place, held, row)
        elif held.content not in self.alike and not before:
            excused = any(
                self._is_away(v) or self._stays(v, held.content, at=place) for v in claimants
            )
            assert excused or not claimants, f"{row} got a new video, but belongs to {claimants}"

    def _joined_for_a_reason(self, place: Place, held: Bytes, row: Row) -> None:
        assert row.video
        others = [
            other
            for other in self.after.files_of(row.video)
            if other.present and other.place != place
        ]
        equal = any(self.disk.get(other.place) == held for other in others)
        moved = any(
            old.content == held.content and self._left(old)
            for old in self.before.files_of(row.video)
        )
        assert equal or moved or any(map(self._is_away, [row.video])), (
            f"{row} was given to a video whose file is not the same"
        )

    def _left(self, row: Row) -> bool:
        """Whether its content is no longer where it was."""
        held = self.disk.get(row.place)
        return held is None or held.content != row.content or row.content in self.alike

    def _is_away(self, video: int) -> bool:
        return any(row.place[0] in self.offline for row in self.before.files_of(video))

    def follows_its_content(self, video: int) -> None:
        """What people wrote is to be found at the content that they wrote it on."""
        if self._is_away(video):
            return
        claims, now = self.before.claims(), self.after.files_of(video)
        there = {held.content for held in self.disk.values()}
        for row in self.before.files_of(video):
            content = row.content
            if claims[content] != {video} or content not in there or content in self.alike:
                continue
            if any(new.present and new.content == content for new in now):
                continue
            stays = all(
                self._stays(video, content, at=place)
                for place, held in self.disk.items()
                if held.content == content
            )
            assert stays, f"{row} is on disk, but its video is not there: {now}"

    def _stays(self, video: int, content: str, *, at: Place) -> bool:
        """Whether it is where it was although its content went to another library: other content
        has taken its place, and when the first library was scanned that looked like an edit.
        """
        there = {new.place for new in self.after.files_of(video) if new.present}
        places = {old.place for old in self.before.files_of(video) if old.content == content}
        return any(
            place[0] != at[0]
            and (held := self.disk.get(place)) is not None
            and all(self.disk.get(old.place) == held for old in self._holders(held.content)[:1])
            for place in places & there
        )

    def _holders(self, content: str) -> list[Row]:
        """Files that had this content before, those first that still have it."""
        rows = [row for row in self.before.rows.values() if row.content == content]
        return sorted(rows, key=self._left)

    def new_videos_are_told_apart(self) -> None:
        by_video: dict[int, set[str]] = defaultdict(set)
        by_bytes: dict[str, set[int]] = defaultdict(set)
        for place, row in self.after.present().items():
            if row.video and row.video not in self.before.written and place in self.disk:
                by_video[row.video].add(self.disk[place].md5)
                by_bytes[self.disk[place].md5].add(row.video)
        for video, contents in by_video.items():
            assert len(contents) == 1, f"different files in one new video {video}"
        for videos in by_bytes.values():
            assert len(videos) == 1, f"equal files in several new videos {videos}"

    def videos_agree_with_their_files(self) -> None:
        for video in self.after.written:
            files = self.after.files_of(video)
            there = {row.pk for row in files if row.present}
            assert bool(there) != (video in self.after.missing), f"{video} missing: {files}"
            primary = self.after.primary[video]
            assert primary in (there or {row.pk for row in files}), f"{video}: {primary}"
