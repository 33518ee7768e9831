from django.apps import AppConfig


class StashboxConfig(AppConfig):
    name = "apps.stashbox"
    label = "stashbox"
    verbose_name = "identification"

    def ready(self) -> None:
        from apps.stashbox.search import add_to_search

        add_to_search()
