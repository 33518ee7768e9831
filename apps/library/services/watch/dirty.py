"""What has changed in a library since its last small scan. Plain Python."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from apps.library.services.scan.roots import outermost

_MOST_FILES = 2_000
_MOST_FOLDERS = 200

# A path below the root, and whether all below it is meant.
Change = tuple[bytes, bool]


@dataclass(frozen=True, slots=True)
class Scope:
    """Where to look, as paths below the root: at ``whole`` folders with all below them, and at
    single ``files`` (which may be gone).
    """

    whole: tuple[bytes, ...] = ()
    files: tuple[bytes, ...] = ()

    @property
    def folders(self) -> list[bytes]:
        """Those that hold all of it."""
        return [*self.whole, *(path.rpartition(b"/")[0] for path in self.files)]


@dataclass(frozen=True, slots=True)
class Job:
    """More than a small scan should bear: folders for a job to scan, or none for everything."""

    folders: tuple[bytes, ...] = ()

    @classmethod
    def over(cls, paths: Iterable[bytes]) -> "Job":
        """One that covers these folders; jobs are written as JSON, which takes no odd bytes."""
        folders = outermost([_readable(path) for path in paths])
        return cls() if len(folders) > _MOST_FOLDERS or b"" in folders else cls(tuple(folders))

    def __or__(self, other: "Job") -> "Job":
        both = self.folders and other.folders
        return Job.over([*self.folders, *other.folders]) if both else Job()


@dataclass(slots=True)
class Dirty:
    """Gathers paths until they are taken."""

    _paths: dict[bytes, bool] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self._paths)

    def add(self, changes: Iterable[Change]) -> None:
        for path, whole in changes:
            self._paths[path] = self._paths.get(path, False) or whole

    def put_back(self, scope: Scope) -> None:
        """What a scan could not look at."""
        self.add((path, True) for path in scope.whole)
        self.add((path, False) for path in scope.files)

    def take(self) -> Scope | Job:
        """All that has come together."""
        paths, self._paths = self._paths, {}
        folders = [path for path, is_whole in paths.items() if is_whole]
        whole = outermost(folders) if folders else []
        covered = set(whole)
        files = [path for path in paths if not _above(path) & covered]
        scope = Scope(tuple(whole), tuple(files))
        small = len(files) <= _MOST_FILES and len(whole) <= _MOST_FOLDERS
        return scope if small else Job.over(scope.folders)


def _above(path: bytes) -> set[bytes]:
    """A path and the folders that it lies in."""
    parts = path.split(b"/")
    return {b"", *(b"/".join(parts[:length]) for length in range(1, len(parts) + 1))}


def _readable(path: bytes) -> bytes:
    """The path, or the nearest folder above it whose name is text."""
    while path:
        try:
            path.decode()
        except UnicodeDecodeError:
            path = path.rpartition(b"/")[0]
        else:
            break
    return path
