"""Which jobs use the same disk."""

import os
from pathlib import Path

from apps.disk.watch_mounts import mount_point_of
from apps.jobs.services.items import Lane
from apps.library.models import Library


def lane_of(library: Library) -> Lane:
    """The mount that a library lies on, as the kernel lists it: the disk itself isn't asked."""
    mounts = Path("/proc/self/mountinfo").read_bytes()
    return Lane.of_mount(os.fsdecode(mount_point_of(library.root_bytes, mounts)) or "/")
