"""The API's table of contents, version 1."""

from collections.abc import Callable

from django.http import Http404
from django.http.response import HttpResponseBase
from django.urls import URLPattern, URLResolver, include, path, re_path
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import DefaultRouter
from rest_framework.views import APIView

from apps.accounts.api.views import TokenViewSet
from apps.artifacts.api.parts import artifacts_of, phashes_of
from apps.artifacts.api.views import ArtifactViewSet
from apps.core.api import audit
from apps.core.api.audit import AuditViewSet
from apps.jobs.api.control import started_by_id
from apps.jobs.api.orders import HoldViewSet, ScheduleViewSet
from apps.jobs.api.views import JobViewSet
from apps.library.api import represent
from apps.library.api.views import (
    CustomFieldViewSet,
    FileViewSet,
    LibraryViewSet,
    MarkerViewSet,
    PerformerViewSet,
    ScanFindingViewSet,
    ScanViewSet,
    StudioViewSet,
    TagViewSet,
    VideoViewSet,
)
from apps.ops.api.views import StatusView

app_name = "v1"
_ALL = [IsAuthenticated]

represent.parts["artifacts"] = artifacts_of
represent.phashes = phashes_of
audit.started = started_by_id


@extend_schema(exclude=True)
class Nothing(APIView):
    """What stands at addresses that aren't in the contract."""

    permission_classes = _ALL

    def handle(self, _request: Request, **_kwargs: str) -> Response:
        raise Http404

    get = post = put = patch = delete = handle


def _export(action: str) -> Callable[..., HttpResponseBase]:
    return FileViewSet.as_view({"get": action}, pagination_class=None)


router = DefaultRouter(use_regex_path=True)
router.include_root_view = False
router.include_format_suffixes = False
router.register("libraries", LibraryViewSet, "library")
router.register("scans", ScanViewSet, "scan")
router.register("scan-findings", ScanFindingViewSet, "scanfinding")
router.register("files", FileViewSet, "file")
router.register("videos", VideoViewSet, "video")
router.register("tags", TagViewSet, "tag")
router.register("performers", PerformerViewSet, "performer")
router.register("studios", StudioViewSet, "studio")
router.register("markers", MarkerViewSet, "marker")
router.register("custom-fields", CustomFieldViewSet, "customfield")
router.register("artifacts", ArtifactViewSet, "artifact")
router.register("jobs/holds", HoldViewSet, "hold")
router.register("jobs/schedules", ScheduleViewSet, "schedule")
router.register("jobs", JobViewSet, "job")
router.register("audit", AuditViewSet, "audit")
router.register("tokens", TokenViewSet, "token")

urlpatterns: list[URLPattern | URLResolver] = [
    path("files/export.ndjson", _export("export_ndjson"), name="file-export-ndjson"),
    path("files/export.csv", _export("export_csv"), name="file-export-csv"),
    path("", include("apps.artifacts.api.urls")),
    path("", include("apps.browse.api.urls")),
    path("", include("apps.editing.api.urls")),
    path("", include("apps.faces.api.urls")),
    path("", include("apps.transcodes.api.urls")),
    path("", include("apps.insights.api.urls")),
    path("", include("apps.machines.api.urls")),
    path("", include("apps.markers.api.urls")),
    path("", include("apps.mediaservers.api.urls")),
    path("", include("apps.playback.api.urls")),
    path("", include("apps.playlists.api.urls")),
    path("", include("apps.renaming.api.urls")),
    path("", include("apps.rules.api.urls")),
    path("", include("apps.stashbox.api.urls")),
    path("", include(router.urls)),
    path("status/", StatusView.as_view(), name="status"),
    path("schema/", SpectacularAPIView.as_view(permission_classes=_ALL), name="schema"),
    path(
        "docs/",
        SpectacularSwaggerSplitView.as_view(url_name="v1:schema", permission_classes=_ALL),
        name="docs",
    ),
    re_path(r"^(?:.*/)?$", Nothing.as_view()),
]
