"""Whether the content of files is still what it was, and whether it can be decoded."""

from apps.library.services.verify.accept import accept_content
from apps.library.services.verify.choice import Scope
from apps.library.services.verify.period import Share, share_due
from apps.library.services.verify.run import verify_files

__all__ = ["Scope", "Share", "accept_content", "share_due", "verify_files"]
