"""What the figures were measured on and with."""

import os
import platform
import shutil
import subprocess
from importlib.metadata import version
from pathlib import Path
from typing import Any

from django.db import connection

_PACKAGES = ("django", "djangorestframework", "psycopg", "av", "numpy", "django-unfold")


def machine() -> dict[str, Any]:
    """Processor, cores that we may use, memory, kernel."""
    return {
        "processor": _after_colon(Path("/proc/cpuinfo"), "model name"),
        "cores": len(os.sched_getaffinity(0)),
        "memory": _after_colon(Path("/proc/meminfo"), "MemTotal"),
        "system": f"{platform.system()} {platform.release()}",
    }


def versions() -> dict[str, str]:
    """Of Python, packages, PostgreSQL and FFmpeg."""
    import av

    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        (server,) = cursor.fetchone()
    return {
        "python": platform.python_version(),
        **{name: version(name) for name in _PACKAGES},
        "postgresql": server,
        "libavformat": ".".join(map(str, av.library_versions["libavformat"])),
        "ffprobe": ffprobe_version(shutil.which("ffprobe")),
    }


def ffprobe_version(ffprobe: str | None) -> str:
    """The first line of ``-version``, or ``none``."""
    if ffprobe is None:
        return "none"
    printed = subprocess.run([ffprobe, "-version"], capture_output=True, text=True, check=True)
    return printed.stdout.partition(" Copyright")[0]


def _after_colon(file: Path, name: str) -> str:
    lines = (line for line in file.read_text().splitlines() if line.startswith(name))
    return next(lines, ":").partition(":")[2].strip()
