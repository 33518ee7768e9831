"""Files that belong to a media file by their name: subtitles, descriptions, pictures."""

from collections import OrderedDict, defaultdict
from collections.abc import Iterable, Sequence

from apps.disk.reader import Disk
from apps.library.models import Library
from apps.renaming.models import Rename

ENDINGS = frozenset(
    b"srt vtt ass ssa sub idx smi sup lrc nfo txt json xml edl jpg jpeg png webp".split()
)
_MOST_FOLDERS = 16


class Sidecars:
    """Finds what goes along with files, reading each folder once in a while."""

    def __init__(self, disk: Disk, library: Library) -> None:
        self._disk = disk
        self._root = library.root_bytes.rstrip(b"/")
        self._media = {one.lower().lstrip(".").encode() for one in library.extensions}
        self._folders: OrderedDict[bytes, dict[bytes, list[bytes]]] = OrderedDict()

    def find(self, lines: Iterable[Rename]) -> None:
        """Write on each line what follows its stem in the names of its sidecars."""
        for line in lines:
            folder, _, name = bytes(line.old).rpartition(b"/")
            mine = self._in(folder).get(stem_of(name), [])
            line.sidecars = [suffix.hex() for suffix in sorted(mine)]

    def _in(self, folder: bytes) -> dict[bytes, list[bytes]]:
        if folder not in self._folders:
            names = list(self._disk.names(b"/".join([self._root, folder])))
            self._folders[folder] = belongings(names, media=self._media)
            if len(self._folders) > _MOST_FOLDERS:
                self._folders.popitem(last=False)
        return self._folders[folder]


def belongings(names: Sequence[bytes], *, media: set[bytes]) -> dict[bytes, list[bytes]]:
    """By the stems of a folder's media files what follows them in the names of sidecars.

    A name that begins with several stems belongs to the longest; to none, if two media files have
    that stem.
    """
    stems: dict[bytes, int] = defaultdict(int)
    for name in names:
        if _ending(name) in media:
            stems[stem_of(name)] += 1
    found: dict[bytes, list[bytes]] = defaultdict(list)
    for name in names:
        if _ending(name) not in ENDINGS:
            continue
        stem = stem_of(name)
        while stem and stem not in stems:
            stem = stem_of(stem) if b"." in stem else b""
        if stem and stems[stem] == 1:
            found[stem].append(name[len(stem) :])
    return found


def stem_of(path: bytes) -> bytes:
    """A path or name without its extension."""
    folder, slash, name = path.rpartition(b"/")
    stem, dot, _ = name.rpartition(b".")
    return folder + slash + (stem if dot and stem else name)


def _ending(name: bytes) -> bytes:
    return name.rpartition(b".")[2].lower()
