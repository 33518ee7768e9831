"""Seeing changes in libraries as they happen."""

from apps.library.services.watch.service import RequestScan, WatchRunning, watch_libraries

__all__ = ["RequestScan", "WatchRunning", "watch_libraries"]
