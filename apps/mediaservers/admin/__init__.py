"""Media servers, and what they were told."""

from apps.mediaservers.admin.notices import NoticeAdmin
from apps.mediaservers.admin.servers import MediaServerAdmin

__all__ = ["MediaServerAdmin", "NoticeAdmin"]
