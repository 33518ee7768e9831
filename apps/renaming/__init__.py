"""Files renamed by a template."""
