from django.apps import AppConfig


class MediaHubConfig(AppConfig):
    name = "mediahub"
    label = "mediahub"
    default = True
