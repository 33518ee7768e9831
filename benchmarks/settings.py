"""As the web processes have it, but with one connection instead of a pool."""

from mediahub.settings.web import *  # noqa: F403
from mediahub.settings.web import DATABASES, STORAGES

DATABASES["default"]["CONN_MAX_AGE"] = None
DATABASES["default"]["OPTIONS"].pop("pool")
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
