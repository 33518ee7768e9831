from django.apps import AppConfig


class TranscodesConfig(AppConfig):
    name = "apps.transcodes"
    label = "transcodes"
    verbose_name = "transcodes"
