"""The catalogue's jobs."""

from apps.library.tasks.forget import request_forget
from apps.library.tasks.probe import request_probe, request_probes
from apps.library.tasks.scan import (
    request_demonstration,
    request_due_scans,
    request_removal,
    request_scan,
)

__all__ = [
    "request_demonstration",
    "request_due_scans",
    "request_forget",
    "request_probe",
    "request_probes",
    "request_removal",
    "request_scan",
]
