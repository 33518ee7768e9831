"""What the catalogue tells the apps above it. Sent after commit; receivers only enqueue."""

from django.dispatch import Signal

videos_scanned = Signal()
"""Videos are new or their primary file's content changed: ``video_ids`` (list of int),
``library_id`` (int). Sent for each batch that a scan writes."""
