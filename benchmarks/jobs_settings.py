"""The product's workers with tasks that only the benchmark knows."""

from mediahub.settings.base import *  # noqa: F403
from mediahub.settings.base import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "tests.rigs.work"]
