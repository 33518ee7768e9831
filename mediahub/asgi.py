"""The web application. Refuses to start on a database that doesn't fit the code."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mediahub.settings.web")

from django.core.asgi import get_asgi_application

application = get_asgi_application()

from apps.core.schema import require_current_schema

require_current_schema()
