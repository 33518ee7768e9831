"""Finds the programs ffmpeg and ffprobe, and remembers why each candidate was taken or not."""

import importlib.util
import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from apps.core import process

OLDEST_VERSION = (5, 1)
_PATIENCE_S = 20.0
_VERSION = re.compile(r"^(?:ffmpeg|ffprobe) version (\S+)", re.MULTILINE)
_NUMBERS = re.compile(r"n?(\d+)\.(\d+)")


@dataclass(frozen=True, slots=True)
class Program:
    """A program that runs: its path, its version as it prints it, and where it was found.

    ``source`` is ``"setting"``, ``"system"``, ``"wheel"`` or ``"beside ffmpeg"``.
    """

    path: str
    version: str
    source: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """A place that was looked at, and what came of it; ``reason`` is one sentence."""

    name: str
    source: str
    path: str
    taken: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Binaries:
    """What was found. Without ffprobe, PyAV alone probes; without ffmpeg nothing is encoded."""

    ffmpeg: Program | None
    ffprobe: Program | None
    why: tuple[Candidate, ...]


def find_binaries(*, ffmpeg: str | None = None, ffprobe: str | None = None) -> Binaries:
    """Choose ffmpeg and ffprobe; the arguments are paths or names that the settings gave.

    ffmpeg: the setting's, else the system's if it is 5.1 or newer and has libx264 (it knows the
    machine's hardware), else that of the imageio-ffmpeg wheel. ffprobe: the setting's, else the
    system's, else one beside the chosen ffmpeg. Takes a few tenths of a second; keep the answer.
    """
    search = _Search()
    chosen = (
        search.look("ffmpeg", "setting", ffmpeg)
        or search.look("ffmpeg", "system", shutil.which("ffmpeg"), needs_x264=True)
        or search.look("ffmpeg", "wheel", _wheel_path())
    )
    beside = os.path.join(os.path.dirname(chosen.path), "ffprobe") if chosen else None
    prober = (
        search.look("ffprobe", "setting", ffprobe)
        or search.look("ffprobe", "system", shutil.which("ffprobe"))
        or search.look("ffprobe", "beside ffmpeg", beside)
    )
    return Binaries(chosen, prober, tuple(search.candidates))


class _Search:
    """Looks at one place after another and takes notes."""

    def __init__(self) -> None:
        self.candidates: list[Candidate] = []

    def look(
        self, name: str, source: str, path: str | None, *, needs_x264: bool = False
    ) -> Program | None:
        found = shutil.which(path) if path else None
        if path is None:
            if source != "setting":
                self._note(name, source, "", "There is none.", taken=False)
            return None
        if found is None:
            self._note(name, source, path, "It is missing or may not be run.", taken=False)
            return None
        return self._try(name, source, os.path.abspath(found), needs_x264=needs_x264)

    def _try(self, name: str, source: str, path: str, *, needs_x264: bool) -> Program | None:
        version = _version(path)
        if version is None:
            refusal = f"It doesn't answer like {name}."
        elif source == "system" and not _is_new_enough(version):
            refusal = f"Version {version} is older than {OLDEST_VERSION[0]}.{OLDEST_VERSION[1]}."
        elif needs_x264 and not _has_x264(path):
            refusal = f"Version {version} lacks the encoder libx264."
        else:
            self._note(name, source, path, f"Version {version} is used.", taken=True)
            return Program(path, version, source)
        self._note(name, source, path, refusal, taken=False)
        return None

    def _note(self, name: str, source: str, path: str, reason: str, *, taken: bool) -> None:
        self.candidates.append(Candidate(name, source, path, taken, reason))


def _wheel_path() -> str | None:
    """The binary in the imageio-ffmpeg wheel, never one that it would find elsewhere."""
    spec = importlib.util.find_spec("imageio_ffmpeg")
    if spec is None or spec.origin is None:
        return None
    folder = Path(spec.origin).parent / "binaries"
    return next((str(path) for path in sorted(folder.glob("ffmpeg-*"))), None)


def _version(path: str) -> str | None:
    found = _VERSION.search(_output(path, "-version"))
    return found[1] if found else None


def _is_new_enough(version: str) -> bool:
    """Builds from git carry no number and count as new."""
    numbers = _NUMBERS.match(version)
    return numbers is None or (int(numbers[1]), int(numbers[2])) >= OLDEST_VERSION


def _has_x264(path: str) -> bool:
    return " libx264 " in _output(path, "-hide_banner", "-encoders")


def _output(path: str, *arguments: str) -> str:
    try:
        ended = process.run([path, *arguments], timeout_s=_PATIENCE_S)
    except process.ProcessFailed:
        return ""
    return ended.stdout.decode("utf-8", "replace") if ended.returncode == 0 else ""
