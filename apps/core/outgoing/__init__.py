"""Asking other servers, whose names and answers are not to be trusted.

Names are resolved here, and a connection is made to an address that was looked at, never to a
name: so a server whose name leads elsewhere at the second look reaches nothing inside.
"""

from typing import TYPE_CHECKING, Any

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

if TYPE_CHECKING:
    from apps.core.outgoing.asking import Fetched, fetch, open_client, read_answer
else:

    def __getattr__(name: str) -> Any:
        """What asks is loaded when it is used: its library is a tenth of every program's start."""
        if name not in __all__:
            raise AttributeError(name)
        from apps.core.outgoing import asking

        return getattr(asking, name)


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
