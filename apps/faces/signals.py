"""What deeds on faces tell the edges of this app. Sent after commit, but for ``change_made``;
receivers only enqueue."""

from django.dispatch import Signal

change_made = Signal()
"""A change moved faces in more videos than anybody waits for: ``change_id``. What follows on it is
still to be done. Sent in the change's own transaction, so that both are there or neither."""

people_changed = Signal()
"""By which faces performers are known is otherwise now: ``performer_ids`` (list of int). Others may
be recognised, or not any more."""

settings_changed = Signal()
"""How faces are found, grouped or named is otherwise now: ``fields`` (list of names)."""

library_switched = Signal()
"""Faces were switched on or off in a library, or whether names are put on its videos:
``library_id`` (int), ``enabled`` (bool)."""
