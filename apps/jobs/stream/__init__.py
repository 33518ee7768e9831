"""Job events on their way to whoever listens to this process, as server-sent events.

One thread of each web process reads the events (``hub``); each listener follows it from where it
stands (``listener``). A listener keeps nothing but its place: a slow one reads what the hub no
longer holds from the database, and costs the others nothing.
"""

from apps.jobs.stream.frames import RETRY_MS, Wanted
from apps.jobs.stream.listener import read_once, stream

__all__ = ["RETRY_MS", "Wanted", "read_once", "stream"]
