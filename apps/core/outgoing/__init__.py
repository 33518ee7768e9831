"""Asking other servers, whose names and answers are not to be trusted.

Names are resolved here, and a connection is made to an address that was looked at, never to a
name: so a server whose name leads elsewhere at the second look reaches nothing inside.
"""

from apps.core.outgoing.asking import Fetched, fetch, open_client, read_answer
from apps.core.outgoing.errors import (
    AddressRefused,
    NameUnknown,
    OutgoingError,
    Refused,
    TimedOut,
    TlsFailed,
    TooLarge,
    Unreachable,
    WrongType,
)

__all__ = [
    "AddressRefused",
    "Fetched",
    "NameUnknown",
    "OutgoingError",
    "Refused",
    "TimedOut",
    "TlsFailed",
    "TooLarge",
    "Unreachable",
    "WrongType",
    "fetch",
    "open_client",
    "read_answer",
]
