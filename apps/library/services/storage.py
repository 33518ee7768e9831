"""Asking about a library's storage, as the settings want it."""

import os
from collections.abc import Callable
from typing import Any

from django.conf import settings

from apps.disk.reader import Disk
from apps.disk.rules import Rules
from apps.library.models import Library


def open_disk(
    *, waiting: Callable[[], None] = lambda: None, timeout_s: float | None = None
) -> Disk:
    """Children that touch storage for us, to be used as a context manager.

    ``timeout_s`` stands in for the setting, where a person waits.
    """
    patience_s = timeout_s or settings.MEDIAHUB_DISK_TIMEOUT_SECONDS
    return Disk(timeout_s=patience_s, waiting=waiting)


def rule_arguments(library: Library) -> dict[str, Any]:
    """What ``Rules.of`` takes, as plain values."""
    return {
        "extensions": list(library.extensions),
        "include": list(library.include),
        "exclude": list(library.exclude),
        "ignore": list(settings.MEDIAHUB_IGNORE),
        "own": _own_data(library.root_bytes),
    }


def rules_of(library: Library) -> Rules:
    """Raises ValueError for a pattern that can't be read."""
    return Rules.of(**rule_arguments(library))


def _own_data(root: bytes) -> bytes:
    """MediaHub's data folder as a path below the root, or nothing."""
    data = os.fsencode(os.path.realpath(settings.MEDIAHUB_DATA_DIR))
    prefix = root.rstrip(b"/") + b"/"
    return data[len(prefix) :] if data.startswith(prefix) else b""
