"""What people ask of files: to be looked at again."""

from django.db import transaction

from apps.library.choices import ProbeState
from apps.library.models import File, Folder
from apps.library.querysets import FileQuerySet


@transaction.atomic
def ask_again(files: FileQuerySet, *, probe: bool = True) -> None:
    """Make the next scan compare these files, and with ``probe`` read them even if unchanged."""
    Folder.objects.filter(pk__in=files.values("folder")).update(digest=None)
    if probe:
        File.objects.filter(pk__in=files.values("pk")).update(probe_state=ProbeState.PENDING)
