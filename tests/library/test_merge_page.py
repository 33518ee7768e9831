"""Merging labels in the admin."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts.choices import Role
from apps.core.models import AuditEntry
from apps.library.models import Performer, Studio, Tag
from apps.library.services.merge import belongings, merge_all
from tests.factories import (
    make_marker,
    make_performer,
    make_studio,
    make_tag,
    make_user,
    make_video,
)


def test_the_action_leads_to_the_page_with_what_was_ticked(browser: Client) -> None:
    one, other = make_tag(), make_tag()
    chosen = {"action": "merge_chosen", "_selected_action": [one.pk, other.pk]}

    answer = browser.post(reverse("admin:library_tag_changelist"), chosen)

    assert answer.status_code == 302
    assert answer["Location"].startswith(reverse("admin:library_tag_merge"))
    assert f"id={one.pk}" in answer["Location"]
    assert f"id={other.pk}" in answer["Location"]


def test_the_page_says_what_each_has(browser: Client) -> None:
    tag = make_tag("<b>Sea</b>", aliases=["Ocean"])
    make_tag(parents=[tag])
    make_marker(make_video(tags=[tag]), tag=tag)

    page = browser.get(reverse("admin:library_tag_merge"), {"id": [tag.pk]}).content.decode()

    assert "1 video, 1 marker, 1 tag below it" in page
    assert "Ocean" in page
    assert "&lt;b&gt;Sea&lt;/b&gt;" in page
    assert "<b>Sea</b>" not in page
    assert "can't be undone" in page or "can&#x27;t be undone" in page


@pytest.mark.parametrize("kind", ["tag", "performer", "studio"])
def test_the_others_go_into_the_one_that_is_kept(browser: Client, kind: str) -> None:
    make = {"tag": make_tag, "performer": make_performer, "studio": make_studio}[kind]
    kept, *others = [make(f"{kind} {n}") for n in range(3)]
    asked = {"id": [kept.pk, *(o.pk for o in others)], "keep": kept.pk}

    answer = browser.post(reverse(f"admin:library_{kind}_merge"), asked)

    assert answer["Location"] == reverse(f"admin:library_{kind}_change", args=[kept.pk])
    assert [row.pk for row in type(kept).objects.all()] == [kept.pk]
    kept.refresh_from_db()
    assert sorted(kept.aliases) == [f"{kind} 1", f"{kind} 2"]
    assert AuditEntry.objects.filter(action="deleted").count() == 2


def test_another_one_can_be_kept(browser: Client) -> None:
    source, into = make_performer("Source"), make_performer("Into")
    video = make_video(performers=[source])
    asked = {"id": source.pk, "keep": "another", "another": into.pk}

    browser.post(reverse("admin:library_performer_merge"), asked)

    assert list(video.performers.all()) == [into]
    assert not Performer.objects.filter(pk=source.pk).exists()


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"keep": "another"}, "Say which one is kept."),
        ({}, "Say which one is kept."),
        ({"keep": "999"}, "Say which one is kept."),
        ({"keep": "another", "another": "itself"}, "merged into itself"),
    ],
)
def test_what_makes_no_sense_is_refused_and_nothing_changes(
    browser: Client, asked: dict[str, str], said: str
) -> None:
    studio = make_studio("Only")
    body = {"id": studio.pk, **{k: v.replace("itself", str(studio.pk)) for k, v in asked.items()}}

    answer = browser.post(reverse("admin:library_studio_merge"), body)

    assert answer.status_code == 200
    assert said.replace("'", "&#x27;") in answer.content.decode()
    assert Studio.objects.count() == 1


def test_nonsense_in_the_address_is_an_empty_page(browser: Client) -> None:
    for ids in (["x"], ["-1"], ["99999999999999999999"], []):
        answer = browser.get(reverse("admin:library_tag_merge"), {"id": ids})
        assert answer.status_code == 200
        assert "Nothing to merge" in answer.content.decode()


def test_only_who_may_delete_labels_merges(db: None) -> None:
    viewer = Client()
    viewer.force_login(make_user(Role.VIEWER))

    assert viewer.get(reverse("admin:library_tag_merge")).status_code == 403


def test_all_are_merged_or_none(db: None) -> None:
    kept, first, gone = make_tag("Kept"), make_tag("First"), make_tag("Gone")
    Tag.objects.filter(pk=gone.pk).delete()

    with pytest.raises(Exception, match="deleted meanwhile"):
        merge_all([first, gone], into=kept)

    assert Tag.objects.filter(pk=first.pk).exists()


def test_what_many_have_is_counted_in_the_queries_of_few(
    db: None, django_assert_num_queries: Any
) -> None:
    tags = [make_tag() for _ in range(12)]

    with django_assert_num_queries(2):
        belongings(tags)
