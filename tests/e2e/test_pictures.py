"""A performer's pictures, in the form."""

from collections.abc import Callable

import pytest
from django.urls import reverse
from playwright.sync_api import Page

from tests.faces.factories import picture
from tests.factories import make_performer

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_file_is_chosen_in_a_row_that_was_added(open_page: Callable[..., Page]) -> None:
    performer = make_performer("Ann Smith")
    page = open_page(reverse("admin:library_performer_change", args=[performer.pk]))
    page.get_by_text("Add another Performer image").click()
    field = page.locator("#id_images-0-image")

    field.set_input_files({"name": "a.webp", "mimeType": "image/webp", "buffer": picture(1)})

    page.get_by_role("button", name="Save", exact=True).click()
    page.wait_for_url("**/performer/")

    assert performer.images.count() == 1
