"""The admin site: its class, its title, its home page."""

from django.contrib.admin.apps import AdminConfig


class MediaHubAdminConfig(AdminConfig):
    default_site = "mediahub.site.MediaHubAdminSite"
    default = False
