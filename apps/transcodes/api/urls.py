"""Addresses of profiles, rules and transcodes, below the API's root."""

from rest_framework.routers import SimpleRouter

from apps.transcodes.api.views import ProfileViewSet, RuleViewSet, TranscodeViewSet

_router = SimpleRouter(use_regex_path=True)
_router.register("encoding-profiles", ProfileViewSet, "encoding-profile")
_router.register("transcode-rules", RuleViewSet, "transcode-rule")
_router.register("transcodes", TranscodeViewSet, "transcode")

urlpatterns = _router.urls
