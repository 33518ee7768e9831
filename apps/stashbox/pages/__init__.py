"""Pages of the admin about what others know of the videos here."""
