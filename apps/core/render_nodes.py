"""The graphics cards that the kernel itself shows: those of Intel and AMD, for VAAPI and QSV."""

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_SYS, _DEV = Path("/sys/class/drm"), Path("/dev/dri")
_NAMES = {"i915": "Intel graphics", "xe": "Intel graphics", "amdgpu": "AMD graphics"}
_MOST = 16


@dataclass(frozen=True, slots=True)
class RenderNode:
    """``path`` is what ffmpeg is told, ``bus_id`` stays the same over restarts."""

    path: str
    bus_id: str
    driver: str
    name: str


def render_nodes(*, sys: Path = _SYS, dev: Path = _DEV) -> tuple[RenderNode, ...]:
    """Those that we may open, by their numbers. NVIDIA's are left to NVML."""
    found = []
    for entry in sorted(sys.glob("renderD*"))[:_MOST]:
        path = dev / entry.name
        with suppress(OSError):
            driver = (entry / "device" / "driver").resolve(strict=True).name
            bus_id = (entry / "device").resolve(strict=True).name
            if driver in _NAMES and os.access(path, os.R_OK | os.W_OK):
                found.append(RenderNode(str(path), bus_id, driver, _NAMES[driver]))
    return tuple(found)
