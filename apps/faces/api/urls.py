"""Addresses of faces and identities, below the API's root."""

from django.urls import URLPattern, URLResolver, path, re_path
from rest_framework.routers import SimpleRouter

from apps.faces.api.appearances import AppearanceViewSet
from apps.faces.api.faces import FaceViewSet
from apps.faces.api.identities import IdentityViewSet
from apps.faces.api.views import (
    ComparedView,
    EnginesView,
    FaceLibraryView,
    FaceSettingsView,
    PreviewView,
    ProposalViewSet,
    RegroupView,
    ShotView,
    VideoFacesView,
    WipeView,
)

_router = SimpleRouter(use_regex_path=True)
_router.register("faces/appearances", AppearanceViewSet, "appearance")
_router.register("faces/proposals", ProposalViewSet, "faceproposal")
_router.register("faces", FaceViewSet, "face")
_router.register("identities", IdentityViewSet, "identity")

urlpatterns: list[URLPattern | URLResolver] = [
    path("faces/recluster/", RegroupView.as_view(), name="faces-recluster"),
    path("faces/settings/", FaceSettingsView.as_view(), name="faces-settings"),
    path("faces/settings/preview/", PreviewView.as_view(), name="faces-preview"),
    path("faces/engines/", EnginesView.as_view(), name="faces-engines"),
    path("faces/engines/compared/", ComparedView.as_view(), name="faces-compared"),
    re_path(r"^faces/libraries/(?P<pk>[0-9]+)/$", FaceLibraryView.as_view(), name="faces-library"),
    re_path(r"^faces/shots/(?P<pk>[0-9]+)/$", ShotView.as_view(), name="faces-shot"),
    path("faces/wipe/", WipeView.as_view(), name="faces-wipe"),
    re_path(r"^videos/(?P<pk>[0-9]+)/faces/$", VideoFacesView.as_view(), name="video-faces"),
    *_router.urls,
]
