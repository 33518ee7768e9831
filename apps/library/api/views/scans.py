"""What scans found, to be read and compared."""

from apps.core.api.views import ListedViewSet
from apps.library.api import filters, serializers
from apps.library.models import Scan, ScanFinding


class ScanViewSet(ListedViewSet):
    """Scans with their counts. Two of a library can be compared by them."""

    queryset = Scan.objects.all()
    serializer_class = serializers.ScanSerializer
    filterset_class = filters.ScanFilter
    permission = "library.view_library"


class ScanFindingViewSet(ListedViewSet):
    """Files that a scan had to tell of, with the reason; the first ten thousand of each scan."""

    queryset = ScanFinding.objects.all()
    serializer_class = serializers.ScanFindingSerializer
    filterset_class = filters.ScanFindingFilter
    permission = "library.view_library"
