from django.apps import AppConfig


class StashboxConfig(AppConfig):
    name = "apps.stashbox"
    label = "stashbox"
    verbose_name = "identification"

    def ready(self) -> None:
        from apps.stashbox import receivers  # noqa: F401 - they connect themselves
