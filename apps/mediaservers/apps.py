from django.apps import AppConfig


class MediaServersConfig(AppConfig):
    name = "apps.mediaservers"
    label = "mediaservers"
    verbose_name = "media servers"
