"""Looking for faces, grouping and naming them, on a worker."""
