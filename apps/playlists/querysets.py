"""Questions about playlists."""

from typing import Self

from django.db import models
from django.db.models import Q, Value
from django.db.models.functions import Lower


class PlaylistQuerySet(models.QuerySet["Playlist"]):  # type: ignore[name-defined]
    def visible_to(self, user_id: int | None) -> Self:
        """One's own, and what others share; with nobody to ask only what is shared."""
        return self.filter(Q(shared=True) | Q(owner_id=user_id) if user_id else Q(shared=True))

    def called(self, name: str) -> Self:
        """Those of a name, in upper or lower case."""
        return self.alias(lowered=Lower("name")).filter(lowered=Lower(Value(name)))
