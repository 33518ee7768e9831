"""The pages of the catalogue that are more than a list or a form."""

from apps.library.pages.libraries import LibrariesLive, LibraryPage
from apps.library.pages.scans import ScanPage

__all__ = ["LibrariesLive", "LibraryPage", "ScanPage"]
