from django.apps import AppConfig


class MarkersConfig(AppConfig):
    name = "apps.markers"
    label = "markers"
