"""What operators do to jobs: to one, or to many at once."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from apps.accounts.api.permissions import ModelAndScopePermissions, OpsCaller
from apps.core.api.serializers import StrictSerializer
from apps.core.api.views import ListedViewSet
from apps.jobs.api.filters import JobFilter
from apps.jobs.api.serializers import JobSerializer, represent_job
from apps.jobs.models import Job
from apps.jobs.services import batches, lifecycle, many

_MOST_IDS = 10_000
_MOST_NAMED = 20
OPERATORS: dict[str, Any] = {
    "permission": "jobs.control_job",
    "permission_classes": [ModelAndScopePermissions, OpsCaller],
}
_ONE = {"detail": True, "methods": ["post"], **OPERATORS}


class RetryFailedSerializer(StrictSerializer):
    reason = serializers.CharField(
        required=False, max_length=100, help_text="only what failed with this `error.type`"
    )


class ControlSerializer(StrictSerializer):
    """Either `ids` or `all`."""

    deed = serializers.ChoiceField(choices=list(many.DEEDS))
    ids = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=2**63 - 1),
        required=False, allow_empty=False, max_length=_MOST_IDS,
    )  # fmt: skip
    all = serializers.BooleanField(
        default=False, help_text="all jobs that the filters in the query string leave"
    )


class ControlledSerializer(serializers.Serializer):
    changed = serializers.IntegerField(help_text="others' states didn't allow it")


def started(job: Job, request: Request) -> Response:
    """The answer to a request that started work: 202, the job and its address."""
    location = reverse("v1:job-detail", args=[job.pk], request=request)
    return Response(represent_job(job), status=202, headers={"Location": location})


def started_by_id(job_id: int, request: Request) -> Response:
    """The same, for those that stand below the jobs and know their ids alone."""
    return started(Job.objects.get(pk=job_id), request)


class JobControl(ListedViewSet):
    """The part of the jobs' views that changes them."""

    def known_parameters(self) -> set[str]:
        known = super().known_parameters()
        return known | set(JobFilter.base_filters) if self.action == "control" else known

    @extend_schema(request=None, responses=JobSerializer)
    @action(**_ONE)
    def cancel(self, _request: Request, **_kwargs: Any) -> Response:
        """End a job: a waiting one at once, a running one when its worker hears of it."""
        return Response(represent_job(lifecycle.cancel(self.get_object())))

    @extend_schema(request=None, responses=JobSerializer)
    @action(**_ONE)
    def pause(self, _request: Request, **_kwargs: Any) -> Response:
        """Hold a job; what it has done is kept."""
        return Response(represent_job(lifecycle.pause(self.get_object())))

    @extend_schema(request=None, responses={202: JobSerializer})
    @action(**_ONE)
    def resume(self, request: Request, **_kwargs: Any) -> Response:
        """Let a held job go on."""
        return started(lifecycle.resume(self.get_object()), request)

    @extend_schema(request=None, responses=JobSerializer)
    @action(**_ONE)
    def hurry(self, _request: Request, **_kwargs: Any) -> Response:
        """Put a job before all that wait."""
        return Response(represent_job(lifecycle.hurry(self.get_object())))

    @extend_schema(request=None, responses={202: JobSerializer})
    @action(**_ONE)
    def retry(self, request: Request, **_kwargs: Any) -> Response:
        """Run a finished job once more; of a batch, what failed in it, as a new batch."""
        return started(lifecycle.retry(self.get_object()), request)

    @extend_schema(request=RetryFailedSerializer, responses={202: JobSerializer})
    @action(**_ONE, url_path="retry-failed")
    def retry_failed(self, request: Request, **_kwargs: Any) -> Response:
        """Make a new batch of just what failed in a batch, or of what failed for one reason."""
        body = RetryFailedSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        again = batches.retry_failed(
            self.get_object(), reason=body.validated_data.get("reason", "")
        )
        return started(again, request)

    @extend_schema(request=ControlSerializer, responses=ControlledSerializer, filters=True)
    @action(detail=False, methods=["post"], pagination_class=None, **OPERATORS)
    def control(self, request: Request, **_kwargs: Any) -> Response:
        """Do a deed to some jobs: to those named, or to all that the list's filters leave."""
        body = ControlSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        deed, ids = body.validated_data["deed"], body.validated_data.get("ids")
        if bool(ids) == body.validated_data["all"]:
            raise ValidationError({"ids": ["Give either ids, or all as true."]})
        if ids and request.query_params:
            raise ValidationError({"ids": ["Filters go with all, not with ids."]})
        jobs = self.filter_queryset(self.get_queryset())
        if ids:
            jobs = jobs.filter(pk__in=ids)
            _refuse_unknown(set(ids) - set(jobs.values_list("pk", flat=True)))
        return Response({"changed": many.control(deed, jobs)})


def _refuse_unknown(ids: set[int]) -> None:
    if ids:
        named = ", ".join(map(str, sorted(ids)[:_MOST_NAMED]))
        raise ValidationError({"ids": [f"There is nothing with the id {named}."]})
