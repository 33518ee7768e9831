"""Pictures of faces, to those who may see faces: they never leave the database otherwise."""

import hashlib

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag

from apps.faces.models import Shot, Track
from apps.faces.services.pictures import FRESH_SECONDS, crop_of, portrait_of


def portrait(request: HttpRequest, pk: int) -> HttpResponse:
    """The best shot of a face with its surroundings."""
    track = Track.objects.filter(pk=pk).only("portrait").first()
    return _answer(request, portrait_of(track) if track else None)


def crop(request: HttpRequest, pk: int) -> HttpResponse:
    """One kept frame of a face, aligned."""
    shot = Shot.objects.filter(pk=pk).only("crop").first()
    return _answer(request, crop_of(shot) if shot else None)


def picture_urls() -> list[URLPattern]:
    return [
        path("pictures/<int:pk>/", admin.site.admin_view(portrait), name="faces_portrait"),
        path("pictures/shots/<int:pk>/", admin.site.admin_view(crop), name="faces_crop"),
    ]


def _answer(request: HttpRequest, found: tuple[bytes, str] | None) -> HttpResponse:
    if not request.user.has_perm("faces.view_identity"):
        raise PermissionDenied
    if found is None:
        raise Http404
    content, kind = found
    etag = quote_etag(hashlib.blake2b(content, digest_size=12).hexdigest())
    answer = get_conditional_response(request, etag=etag)
    response: HttpResponse = answer or HttpResponse(content, content_type=kind)
    response["ETag"] = etag
    response["Cache-Control"] = f"private, max-age={FRESH_SECONDS}"
    response["X-Content-Type-Options"] = "nosniff"
    return response
