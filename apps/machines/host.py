"""How busy and how well supplied this machine is, as its kernel says; None: it doesn't say."""

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_ROOT = Path("/")
# where a container's own bounds stand, newer kernels first
_BOUNDS = (
    ("sys/fs/cgroup/memory.max", "sys/fs/cgroup/memory.current"),
    (
        "sys/fs/cgroup/memory/memory.limit_in_bytes",
        "sys/fs/cgroup/memory/memory.usage_in_bytes",
    ),
)
_CACHE_NAMES = ("inactive_file", "total_inactive_file")


@dataclass(frozen=True, slots=True)
class HostReading:
    """Bytes, per cent, and processes that want to run for each core that we may use.

    ``on_battery``: there is a battery, and no mains power.
    """

    cores: int
    load_per_core: float | None
    memory_bytes: int | None
    memory_available_bytes: int | None
    on_battery: bool | None
    battery_percent: float | None
    disk_free_bytes: int | None

    @property
    def memory_percent(self) -> float | None:
        """What is available of it."""
        if not self.memory_bytes or self.memory_available_bytes is None:
            return None
        return 100 * self.memory_available_bytes / self.memory_bytes


def look(folder: Path, *, root: Path = _ROOT) -> HostReading:
    """Read everything; ``folder`` is one of the disk whose room is told."""
    cores = len(os.sched_getaffinity(0))
    total, available = _memory(root)
    on_battery, charge = _battery(root)
    return HostReading(
        cores=cores,
        load_per_core=_load(root, cores),
        memory_bytes=total,
        memory_available_bytes=available,
        on_battery=on_battery,
        battery_percent=charge,
        disk_free_bytes=free_bytes(os.fsencode(folder)),
    )


def free_bytes(folder: bytes) -> int | None:
    """What we may still write on the disk of a folder."""
    try:
        disk = os.statvfs(folder)
    except OSError:
        return None
    return disk.f_bavail * disk.f_frsize


def _load(root: Path, cores: int) -> float | None:
    with suppress(OSError, ValueError, IndexError):
        return round(float((root / "proc/loadavg").read_text().split()[0]) / cores, 2)
    return None


def _memory(root: Path) -> tuple[int | None, int | None]:
    """Of the machine or of the container, whichever has less left."""
    lines: dict[str, int] = {}
    with suppress(OSError, ValueError, IndexError):
        for line in (root / "proc/meminfo").read_text().splitlines():
            name, _, value = line.partition(":")
            if name in ("MemTotal", "MemAvailable"):
                lines[name] = 1_024 * int(value.split()[0])
    total, available = lines.get("MemTotal"), lines.get("MemAvailable")
    bound, left = _bound(root)
    if bound is None or left is None or (total is not None and bound >= total):
        return total, available
    return bound, left if available is None else min(left, available)


def _bound(root: Path) -> tuple[int | None, int | None]:
    for most, used in _BOUNDS:
        with suppress(OSError, ValueError):
            bound = int((root / most).read_text())  # "max" is no number: there is none
            in_use = int((root / used).read_text()) - _cache(root / used)
            return bound, max(0, bound - in_use)
    return None, None


def _cache(used: Path) -> int:
    """Pages of files that the kernel gives up when memory is wanted."""
    with suppress(OSError, ValueError):
        lines = (used.parent / "memory.stat").read_text().splitlines()
        said = dict(line.split()[:2] for line in lines)
        return next((int(said[name]) for name in reversed(_CACHE_NAMES) if name in said), 0)
    return 0


def _battery(root: Path) -> tuple[bool | None, float | None]:
    """Whether it is what we run on, and the charge of the emptiest; nothing without one."""
    charges, mains, discharging = [], [], False
    for supply in sorted((root / "sys/class/power_supply").glob("*")):
        kind = _word(supply / "type")
        if kind in ("Mains", "USB"):
            mains.append(_word(supply / "online") == "1")
        elif kind in ("Battery", "UPS") and _word(supply / "scope") != "Device":
            discharging |= _word(supply / "status") == "Discharging"
            with suppress(ValueError):
                charges.append(float(_word(supply / "capacity")))
    if not charges and not discharging:
        return None, None
    on_battery = not any(mains) if mains else discharging
    return on_battery, min(charges, default=None)


def _word(path: Path) -> str:
    with suppress(OSError):
        return path.read_text().strip()
    return ""
