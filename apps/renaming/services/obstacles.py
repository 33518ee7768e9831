"""What stands in the way of new names: files on disk, the catalogue, the library's rules."""

from collections import Counter, OrderedDict, defaultdict
from collections.abc import Iterable, Sequence
from hashlib import blake2b
from itertools import accumulate

from apps.disk.reader import Disk
from apps.disk.rules import Rules
from apps.disk.walk import Entry
from apps.library.models import File, Library
from apps.library.querysets import folder_key
from apps.library.services.storage import rules_of
from apps.renaming.choices import Reason, RenameState
from apps.renaming.models import Rename
from apps.renaming.names import key_of

_LONGEST_PATH = 4_095
_REGULAR = 8  # st_mode >> 12
_MOST_NAMES = 200_000  # of folders that are remembered: some 30 MB


def digest(key: str) -> bytes:
    """Stands for a key in the journal's indexes."""
    return blake2b(key.encode("utf-8", "surrogateescape"), digest_size=16).digest()


class Obstacles:
    """Looks at the new paths of some lines at a time, and writes on them what it finds."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk
        self._libraries: dict[int, tuple[Library, Rules]] = {}
        self._names: OrderedDict[tuple[int, bytes], Counter[bytes]] = OrderedDict()
        self._kept = 0  # names and folders, for new folders have none

    def find(self, rows: Sequence[Rename]) -> None:
        """Raises DiskSilent."""
        by_library: dict[int, list[Rename]] = defaultdict(list)
        for row in rows:
            if row.state == RenameState.PLANNED:
                by_library[row.library_id].append(row)
        for library_id, some in by_library.items():
            library, rules = self._library(library_id)
            missing = _missing_at(library, some)
            for row in some:
                row.reason = self._reason(row, library, rules, missing)
                if row.reason:
                    row.state = RenameState.REFUSED
                else:
                    row.taken = self._is_taken(row, library)

    def _library(self, pk: int) -> tuple[Library, Rules]:
        if pk not in self._libraries:
            library = Library.objects.get(pk=pk)
            self._libraries[pk] = library, rules_of(library)
        return self._libraries[pk]

    def _reason(
        self, row: Rename, library: Library, rules: Rules, missing: set[tuple[bytes, bytes]]
    ) -> str:
        new = bytes(row.new)
        folder, _, name = new.rpartition(b"/")
        if len(library.root_bytes) + 1 + len(new) > _LONGEST_PATH:
            return Reason.TOO_LONG
        if row.reverses_id is None and _left_out(rules, folder, name):
            return Reason.LEFT_OUT
        return Reason.MISSING_THERE if (folder_key(folder), name) in missing else ""

    def _is_taken(self, row: Rename, library: Library) -> bool:
        """Whether the folder holds that name, or one that some file system takes for it."""
        folder = bytes(row.new).rpartition(b"/")[0]
        found = self._names_in(library, folder)[bytes(row.new_key)]
        return found > int(bytes(row.old_key) == bytes(row.new_key))

    def _names_in(self, library: Library, folder: bytes) -> Counter[bytes]:
        place = library.pk, folder
        if place not in self._names:
            prefix = folder + b"/" if folder else b""
            there = self._disk.names(b"/".join([library.root_bytes.rstrip(b"/"), folder]))
            self._names[place] = Counter(digest(key_of(prefix + name)) for name in there)
            self._kept += 1 + len(self._names[place])
            while len(self._names) > 1 and self._kept > _MOST_NAMES:
                _, dropped = self._names.popitem(last=False)
                self._kept -= 1 + len(dropped)
        self._names.move_to_end(place)
        return self._names[place]


def _left_out(rules: Rules, folder: bytes, name: bytes) -> bool:
    return bool(
        any(map(rules.folder_refusal, _ancestors(folder)))
        or rules.refusal(folder, Entry(name, 0, 0, 0, 0, _REGULAR))
    )


def _ancestors(folder: bytes) -> Iterable[bytes]:
    return accumulate(folder.split(b"/"), lambda path, name: path + b"/" + name) if folder else ()


def _missing_at(library: Library, rows: Sequence[Rename]) -> set[tuple[bytes, bytes]]:
    """Which of the new paths are those of missing files, as keys of folders and names."""
    parts = [bytes(row.new).rpartition(b"/") for row in rows]
    found = File.objects.missing().filter(
        displaced=0, folder__library=library,
        folder__key__in={folder_key(folder) for folder, _, _ in parts},
        name__in={name for _, _, name in parts},
    )  # fmt: skip
    return {(bytes(key), bytes(name)) for key, name in found.values_list("folder__key", "name")}
