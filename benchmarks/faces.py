"""Faces: found, compared, grouped and named on pictures; in videos; a million of them."""

import importlib
import os
from importlib.util import find_spec

from benchmarks.report import Report

_PARTS = ("images", "videos", "grouping", "library")


def run(report: Report) -> None:
    """``FACES`` is another folder of pictures (``faces_images``), ``MEDIAHUB_BENCH_FACES_PARTS``
    some of the parts, with commas between them."""
    wanted = (os.environ.get("MEDIAHUB_BENCH_FACES_PARTS") or ",".join(_PARTS)).split(",")
    for part in _PARTS:
        name = f"benchmarks.faces_{part}"
        if part in wanted and find_spec(name):
            importlib.import_module(name).measure(report)
