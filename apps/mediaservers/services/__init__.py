"""What other apps do with media servers: tell them of files that have changed."""

from apps.mediaservers.services.notices import Change, tell

__all__ = ["Change", "tell"]
