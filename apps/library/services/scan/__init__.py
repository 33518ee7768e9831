"""Bringing the catalogue up to date with a folder tree.

The parts, in the order in which a file passes them: ``roots`` (is the tree there?), ``walk`` (what
is in it), ``rules`` (what is taken in), ``compare`` (what differs from the catalogue), the probe's
child processes, ``collect`` (which rows that makes) and ``write``; ``run`` strings them together.
Each pulls from the one before it, so that a slow database slows the walk down rather than filling
memory.
"""

from apps.library.services.scan.roots import RootOffline
from apps.library.services.scan.run import probe_again, scan_library

__all__ = ["RootOffline", "probe_again", "scan_library"]
