"""What follows from news of the catalogue."""
