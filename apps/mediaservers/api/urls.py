"""Addresses of media servers, below the API's root."""

from rest_framework.routers import SimpleRouter

from apps.mediaservers.api.views import MediaServerViewSet, NoticeViewSet

_router = SimpleRouter(use_regex_path=True)
_router.register("media-servers/notices", NoticeViewSet, "medianotice")
_router.register("media-servers", MediaServerViewSet, "mediaserver")

urlpatterns = _router.urls
