"""Which labels and people here are those of boxes."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from threading import Barrier
from typing import Any

import pytest
from django.db import connection, transaction

from apps.core.models import AuditAction, AuditEntry
from apps.library.models import Performer, Studio, Tag
from apps.stashbox.choices import Kind, Unknown
from apps.stashbox.models import IdentifySettings, RemoteLink, StashBox
from apps.stashbox.schema import RemotePerformer
from apps.stashbox.services.linking import Labels, Wanted, find, find_or_make, key_of
from apps.stashbox.services.merged import MergedInCircles, follow
from apps.stashbox.services.newcomers import Remote, day_of, newcomer
from tests.factories import make_performer, make_studio, make_tag
from tests.stashbox.factories import (
    make_box,
    make_link,
    remote_performer,
    remote_studio,
    remote_tag,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def box() -> StashBox:
    return make_box()


def linked(box: StashBox | None, *remotes: Remote, **given: Any) -> list[int | None]:
    """The rows here, made where they are missing."""
    labels = _labels(box, remotes, IdentifySettings(pk=1, **given))
    return [labels[key_of(box and box.pk, remote)].pk for remote in remotes]


def _labels(
    box: StashBox | None, remotes: tuple[Remote, ...], settings: IdentifySettings
) -> Labels:
    wanted = Wanted()
    for remote in remotes:
        wanted.add(box and box.pk, remote)
    return find_or_make(wanted, settings)


class TestByIds:
    def test_comes_before_names(self, box: StashBox) -> None:
        make_tag("same"), make_studio("same"), make_performer("same")
        for row, remote in (
            (make_tag(), remote_tag("same")),
            (make_studio(), remote_studio("same")),
            (make_performer(), remote_performer("same")),
        ):
            make_link(box, row, remote.id)

            assert linked(box, remote) == [row.pk]

    def test_of_another_box_says_nothing(self, box: StashBox) -> None:
        remote = remote_tag("new")
        make_link(make_box(), make_tag(), remote.id)

        [pk] = linked(box, remote)

        assert Tag.objects.get(pk=pk).name == "new"

    def test_is_kept_of_what_was_found_by_name(self, box: StashBox) -> None:
        tag, remote = make_tag("Known"), remote_tag("known")
        linked(box, remote)

        assert RemoteLink.objects.get(remote_id=remote.id).tag == tag
        assert linked(box, replace(remote, name="Renamed there")) == [tag.pk]


class TestByNames:
    def test_in_any_case_and_by_aliases(self, box: StashBox) -> None:
        for make, remote in (
            (make_tag, remote_tag),
            (make_studio, remote_studio),
            (make_performer, remote_performer),
        ):
            row, other = make("Étoile 3%_"), make("x", aliases=["An Alias", "second"])

            assert linked(box, remote("éTOILE 3%_")) == [row.pk]
            assert linked(box, remote("an alias")) == [other.pk]

    def test_is_not_by_parts_or_without_accents(self, box: StashBox) -> None:
        make_tag("Etoile du nord"), make_tag("étoile")

        [pk] = linked(box, remote_tag("Etoile"))

        assert Tag.objects.get(pk=pk).name == "Etoile"

    def test_name_comes_before_alias(self, box: StashBox) -> None:
        make_tag("other", aliases=["wanted"])
        tag = make_tag("Wanted")

        assert linked(box, remote_tag("wanted")) == [tag.pk]

    def test_alias_of_two_is_nobodys(self, box: StashBox) -> None:
        make_tag("one", aliases=["wanted"]), make_tag("other", aliases=["wanted"])

        assert linked(box, remote_tag("wanted")) == [None]
        assert Tag.objects.count() == 2


class TestPeople:
    def test_two_of_a_name_here_are_never_linked_by_it(self, box: StashBox) -> None:
        make_performer("Jane"), make_performer("Jane", disambiguation="II")

        assert linked(box, remote_performer("Jane")) == [None]
        assert (Performer.objects.count(), RemoteLink.objects.count()) == (2, 0)

    def test_two_of_a_name_there_are_never_linked_by_it(self, box: StashBox) -> None:
        make_performer("Jane")

        assert linked(box, remote_performer("Jane"), remote_performer("jane")) == [None, None]
        assert Performer.objects.count() == 1

    def test_who_is_told_apart_there_is_not_who_has_the_bare_name_here(self, box: StashBox) -> None:
        bare = make_performer("Jane")

        [pk] = linked(box, remote_performer("Jane", disambiguation="the other"))

        assert pk != bare.pk
        assert Performer.objects.get(pk=pk).disambiguation == "the other"

    def test_are_linked_by_name_with_what_tells_them_apart(self, box: StashBox) -> None:
        make_performer("Jane")
        second = make_performer("Jane", disambiguation="II")

        assert linked(box, remote_performer("jane", disambiguation="ii")) == [second.pk]

    def test_who_is_another_one_of_the_box_already_is_not_taken(self, box: StashBox) -> None:
        make_link(box, make_performer("Jane"))

        assert linked(box, remote_performer("Jane")) == [None]
        assert linked(make_box(), remote_performer("Jane")) != [None]

    def test_who_is_told_apart_here_is_not_taken_for_a_bare_name(self, box: StashBox) -> None:
        make_performer("Jane", disambiguation="mine")

        assert linked(box, remote_performer("Jane")) == [None]


class TestMade:
    def test_with_all_that_our_columns_hold(self, box: StashBox) -> None:
        remote = remote_performer(
            "Jane", aliases=("JANE", "J.", "j."), gender="TRANSGENDER_FEMALE",
            birth_date="1990-05", death_date="2020-02-29", country="us", ethnicity="MIDDLE_EASTERN",
            eye_color="GREEN", hair_color="AUBURN", height_cm=170, band_size=34, cup_size="d",
            waist_size=26, hip_size=36, career_start=2010, career_end=12, tattoos=("arm, a rose",),
            urls=("https://example.com/jane",),
        )  # fmt: skip

        [pk] = linked(box, remote)

        jane = Performer.objects.get(pk=pk)
        assert (jane.aliases, jane.gender, jane.country) == (["J."], "transgender_female", "US")
        assert (jane.birth_date, jane.death_date) == (date(1990, 5, 1), date(2020, 2, 29))
        assert (jane.ethnicity, jane.eye_color, jane.hair_color) == (
            "Middle eastern", "Green", "Auburn",
        )  # fmt: skip
        assert (jane.height_cm, jane.measurements) == (170, "34D-26-36")
        assert (jane.career_start, jane.career_end) == (2010, None)
        assert (jane.tattoos, jane.urls) == ("arm, a rose", ["https://example.com/jane"])
        assert jane.provenance["name"]["box"] == box.pk
        assert "details" not in jane.provenance
        entry = AuditEntry.objects.about(jane).get()
        assert (entry.action, entry.object_name) == (AuditAction.CREATED, "Jane")

    def test_what_columns_cannot_hold_is_left_out(self) -> None:
        wild = remote_performer(gender="?", country="Atlantis", height_cm=999, cup_size="x" * 60)

        row = newcomer(wild)

        assert isinstance(row, Performer)
        assert (row.gender, row.country, row.height_cm) == ("", "", None)
        row.full_clean(exclude=["haystack"])
        assert day_of("2001-02-31") is None

    def test_studios_with_those_they_belong_to(self, box: StashBox) -> None:
        network = remote_studio("Network", parent=remote_studio("Holding"))
        known = make_studio("Known")

        linked(box, remote_studio("Small", parent=network), remote_studio("Other", parent=network),
               remote_studio("known", parent=network))  # fmt: skip

        parents = dict(Studio.objects.values_list("name", "parent__name"))
        assert parents == {
            "Small": "Network", "Other": "Network", "Network": "Holding", "Holding": None,
            "Known": None,
        }  # fmt: skip
        known.refresh_from_db()
        assert known.version == 1

    def test_studios_that_belong_to_each_other_form_no_circle(self, box: StashBox) -> None:
        one, other = remote_studio("one"), remote_studio("other")

        linked(box, replace(one, parent=other), replace(other, parent=one))

        assert Studio.objects.filter(parent=None).count() == 1

    def test_not_where_the_settings_say_so(self, box: StashBox) -> None:
        assert linked(box, remote_tag(), unknown_tags=Unknown.SKIP) == [None]
        assert not Tag.objects.exists()

    def test_not_what_was_deleted_there(self, box: StashBox) -> None:
        assert linked(box, remote_tag(deleted=True), remote_performer(deleted=True)) == [None, None]

    def test_once_where_sources_have_no_ids(self) -> None:
        remotes = remote_tag("New", id=""), remote_tag("new", id="")

        one, other = linked(None, *remotes)

        assert one == other is not None
        assert not RemoteLink.objects.exists()

    def test_nothing_by_a_mere_look(self, box: StashBox) -> None:
        wanted = Wanted()
        key = wanted.add(box.pk, remote_tag("new"))

        label = find(wanted, IdentifySettings(pk=1))[key]

        assert (label.name, label.pk, label.makes) == ("new", None, True)
        assert not Tag.objects.exists()


class TestMerged:
    def test_link_moves_to_the_surviving_id(self, box: StashBox) -> None:
        jane, survivor = make_performer("Jane"), remote_performer("Jane Doe")
        gone = remote_performer("Jane", deleted=True, merged_into=survivor.id)
        make_link(box, jane, gone.id)

        assert linked(box, gone, survivor) == [jane.pk, jane.pk]

        assert RemoteLink.objects.get(performer=jane).remote_id == survivor.id

    def test_survivor_that_is_known_is_taken(self, box: StashBox) -> None:
        jane, survivor = make_performer("Jane"), remote_performer("Jane Doe")
        make_link(box, jane, survivor.id)
        gone = remote_performer("J.", deleted=True, merged_into=survivor.id)
        make_link(box, make_performer("J."), gone.id)

        assert linked(box, gone) == [jane.pk]

    def test_new_one_is_linked_to_the_surviving_id(self, box: StashBox) -> None:
        [pk] = linked(box, remote_performer("J.", deleted=True, merged_into="survivor"))

        assert RemoteLink.objects.get(performer=pk).remote_id == "survivor"

    def test_are_followed_to_the_end_but_not_in_circles(self) -> None:
        last = remote_performer()
        first = remote_performer(deleted=True, merged_into=last.id)
        one = remote_performer(deleted=True, merged_into="other")
        other = remote_performer(id="other", deleted=True, merged_into=one.id)
        client: Any = _Client(last, first, one, other)

        assert follow(client, first) == last
        assert follow(client, last) == last
        with pytest.raises(MergedInCircles):
            follow(client, one)


class _Client:
    def __init__(self, *performers: RemotePerformer) -> None:
        self._performers = {each.id: each for each in performers}

    def find_performer(self, performer_id: str) -> RemotePerformer | None:
        return self._performers.get(performer_id)


@pytest.mark.django_db(transaction=True)
def test_two_at_the_same_time_make_each_once() -> None:
    box = make_box()
    network = remote_studio("Network")
    remotes = [
        *(remote_tag(f"tag {n}") for n in range(5)), remote_performer("Jane"),
        remote_studio("Small", parent=network),
    ]  # fmt: skip
    begin = Barrier(2)

    def make(order: int) -> list[int | None]:
        try:
            with transaction.atomic():
                begin.wait(timeout=30)
                return linked(box, *remotes[::order])[::order]
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as threads:
        one, other = threads.map(make, (1, -1))

    assert one == other
    assert None not in one
    counts = [model.objects.count() for model in (Tag, Performer, Studio, RemoteLink)]
    assert counts == [5, 1, 2, 8]
    assert AuditEntry.objects.filter(action=AuditAction.CREATED).count() == 8
    assert RemoteLink.objects.filter(kind=Kind.TAG).count() == 5
