"""What all of the admin builds on, and the audit's own pages."""

from apps.core.admin.audited import AuditedAdmin
from apps.core.admin.base import BaseAdmin, ReadOnlyAdmin
from apps.core.admin.entries import AuditEntryAdmin
from apps.core.admin.lists import BoundedPaginator, StableChangeList

__all__ = [
    "AuditEntryAdmin",
    "AuditedAdmin",
    "BaseAdmin",
    "BoundedPaginator",
    "ReadOnlyAdmin",
    "StableChangeList",
]
