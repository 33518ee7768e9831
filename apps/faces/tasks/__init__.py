"""Looking for faces, grouping and naming them, on a worker."""

from apps.faces.tasks import finding as finding
from apps.faces.tasks import grouping as grouping
from apps.faces.tasks import naming as naming
