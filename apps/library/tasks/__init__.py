"""The catalogue's jobs."""

from apps.library.tasks.forget import request_forget
from apps.library.tasks.probe import request_probe, request_probes
from apps.library.tasks.scan import (
    request_comparison,
    request_demonstration,
    request_due_scans,
    request_removal,
    request_scan,
)
from apps.library.tasks.verify import (
    request_due_verifications,
    request_verify,
    request_verify_each,
)
from apps.library.tasks.vocabulary import learn_new_words

__all__ = [
    "learn_new_words",
    "request_comparison",
    "request_demonstration",
    "request_due_scans",
    "request_due_verifications",
    "request_forget",
    "request_probe",
    "request_probes",
    "request_removal",
    "request_scan",
    "request_verify",
    "request_verify_each",
]
