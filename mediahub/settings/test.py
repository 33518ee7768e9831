"""The tests: cheap passwords, plain static files, everything else as in production."""

from mediahub.settings.base import *  # noqa: F403
from mediahub.settings.base import STORAGES

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
WHITENOISE_AUTOREFRESH = True  # nothing is collected: without it the missing folder is a warning
MEDIAHUB_GUARDS = False  # however busy the machine is that tests run on
MEDIAHUB_SETTLE_SECONDS = 0  # files are written the moment before they are scanned
