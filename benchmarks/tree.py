"""Many tiny media files in many folders: what a scan costs beside reading media."""

import shutil
from pathlib import Path

from benchmarks import place

_IN_FOLDER = 100
_HEAD = b"RIFF%cWAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x40\x1f\0\0\x01\0\x08\0data%c"
_SAMPLES = 400


def make_tree(files: int) -> Path:
    """The folder to scan: ``files`` sounds of 50 ms, each of its own content."""
    root = place.BUILD / "tree" / str(files)
    done = root.with_suffix(".done")
    if done.exists():
        return root
    shutil.rmtree(root, ignore_errors=True)
    for number in range(0, files, _IN_FOLDER):
        folder = root / f"shelf {number // 5_000:03d}" / f"box {number // _IN_FOLDER:05d}"
        folder.mkdir(parents=True)
        for file in range(number, min(files, number + _IN_FOLDER)):
            (folder / f"recording {file:07d} of something.wav").write_bytes(sound(file))
    done.touch()
    return root


def sound(number: int) -> bytes:
    """A WAV of 50 ms; another number is another content."""
    samples = (b"%016d" % number) * (_SAMPLES // 16)
    sizes = [(length).to_bytes(4, "little") for length in (36 + len(samples), len(samples))]
    head = _HEAD.replace(b"%c", sizes[0], 1).replace(b"%c", sizes[1], 1)
    return head + samples
