"""What the forked have when they begin (see ``forked``)."""

import django

django.setup()

from apps.artifacts.services import making  # noqa: E402, F401 - to have it loaded
from apps.markers.services import split  # noqa: E402, F401
from apps.stashbox.services import identify  # noqa: E402, F401
