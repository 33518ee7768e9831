from django.apps import AppConfig


class BrowseConfig(AppConfig):
    name = "apps.browse"
    label = "browse"

    def ready(self) -> None:
        from apps.browse.models import SavedView
        from apps.core.querysets import keep_private

        keep_private(SavedView)
