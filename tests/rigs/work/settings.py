"""Settings for processes that run the rig's tasks beside the product's."""

from mediahub.settings.test import *  # noqa: F403
from mediahub.settings.test import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "tests.rigs.work"]
