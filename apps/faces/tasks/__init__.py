"""Looking for faces, grouping and naming them, on a worker."""

from apps.faces.tasks import finding as finding
