"""The panel of filters: an editor of the query's tree, section by section. Plain Python."""

from apps.browse.filters.sections import Section, find_section, sections

__all__ = ["Section", "find_section", "sections"]
