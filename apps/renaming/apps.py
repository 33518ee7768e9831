from django.apps import AppConfig


class RenamingConfig(AppConfig):
    name = "apps.renaming"
    label = "renaming"
