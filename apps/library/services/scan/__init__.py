"""Bringing the catalogue up to date with a folder tree.

The parts, in the order in which a file passes them: ``roots`` (is the tree there?), ``scope``
(what of it?), the walk in ``apps.disk``, ``compare`` (what differs from the catalogue),
``arrivals`` (what isn't finished yet), the probe's child processes, ``identity`` and ``places``
(is it a known file?), ``collect`` (which rows that makes), ``write``, then ``gone`` and ``copies``.
``under_way`` strings them together; ``run`` begins and ends it. Each pulls from the one before it,
so that a slow database slows the walk down rather than filling memory.
"""

from apps.library.services.scan.roots import RootOffline
from apps.library.services.scan.run import probe_again, scan_library, tell_apart

__all__ = ["RootOffline", "probe_again", "scan_library", "tell_apart"]
