"""The project's own corpus: about 300 different media files, healthy and hostile, and copies.

Made once under ``build/bench/corpus/<recipe>/lib``; the same recipe makes the same files as far as
the encoders of the ffmpeg at hand do.
"""

import hashlib
import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks import clips, hostile, place, stamps

_FILES = 2_000
_VARIANTS = 3
_SOURCES = (clips, hostile, stamps)


def make_corpus() -> Path:
    """The folder to scan; made if it isn't there."""
    sources = b"".join(Path(str(module.__file__)).read_bytes() for module in _SOURCES)
    folder = place.BUILD / "corpus" / hashlib.sha256(sources).hexdigest()[:12]
    library = folder / "lib"
    if (folder / "done").exists():
        return library
    shutil.rmtree(folder.parent, ignore_errors=True)
    (folder / "base").mkdir(parents=True)
    print("  making the corpus (once)", flush=True)
    with ThreadPoolExecutor(min(2, os.cpu_count() or 1)) as workers:
        made = [
            path for made in workers.map(lambda c: _make(c, folder), clips.CLIPS) for path in made
        ]
    hostile.write_hostile(library / "hostile", _samples(folder / "base"))
    folders = [library / f"Collection {n % 6}" / f"Year {2000 + n}" for n in range(60)]
    for each in folders:
        each.mkdir(parents=True)
    stamps.write_copies(made, folders, max(0, _FILES - len(list_files(library))))
    (folder / "done").touch()
    return library


def _make(clip: clips.Clip, folder: Path) -> list[Path]:
    """A clip and its variants, as far as this ffmpeg can."""
    made = clips.encode(clip, folder / "base")
    if made is None:
        print(f"  this ffmpeg can't make {clip.name}", flush=True)
        return []
    return [made, *clips.variants(clip, made, folder / "base", _VARIANTS)]


def _samples(base: Path) -> list[Path]:
    """One whole file of each container, the smallest."""
    by_suffix: dict[str, Path] = {}
    for path in sorted(base.iterdir(), key=lambda path: -path.stat().st_size):
        by_suffix[path.suffix] = path
    return [by_suffix[suffix] for suffix in sorted(by_suffix)]


def list_files(root: Path) -> list[bytes]:
    """Everything below a folder that isn't one, links included; none is followed."""
    found: list[bytes] = []
    for folder, folders, files in os.walk(os.fsencode(root)):
        links = [
            name for name in folders if Path(os.fsdecode(os.path.join(folder, name))).is_symlink()
        ]
        found += [os.path.join(folder, name) for name in [*files, *links]]
    return found
