from django.apps import AppConfig


class ArtifactsConfig(AppConfig):
    name = "apps.artifacts"
    label = "artifacts"

    def ready(self) -> None:
        from apps.artifacts.search import add_to_search

        add_to_search()
