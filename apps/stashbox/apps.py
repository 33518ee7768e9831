from django.apps import AppConfig


class StashboxConfig(AppConfig):
    name = "apps.stashbox"
    label = "stashbox"
    verbose_name = "identification"
