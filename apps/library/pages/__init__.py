"""The pages of the catalogue that are more than a list or a form."""

from apps.library.pages.browse import BrowsePage

__all__ = ["BrowsePage"]
