"""Labels that are merged here: boxes' ids lead to what they have become."""

from typing import Any

import pytest

from apps.core import undo
from apps.core.models import AuditAction, AuditEntry
from apps.library.services.merge import merge_all
from apps.stashbox.models import PerformerLookup, RemoteLink
from tests.factories import make_performer, make_studio, make_tag
from tests.stashbox.factories import make_box, make_link

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("make", [make_performer, make_studio, make_tag])
def test_links_are_carried_along_and_stay_when_the_row_is_brought_back(make: Any) -> None:
    box, source, into = make_box(), make(), make()
    ids = {make_link(box, source).remote_id, make_link(box, into).remote_id}
    pk = source.pk

    merge_all([source], into=into)
    gone = AuditEntry.objects.get(object_id=pk, action=AuditAction.DELETED)
    lost = undo.undo(gone).lost

    assert set(into.remote_links.values_list("remote_id", flat=True)) == ids
    assert RemoteLink.objects.count() == 2
    assert "its links to stash-boxes" in lost


def test_who_was_asked_about_is_known_unless_the_other_was_too() -> None:
    one, other, source, into = make_box(), make_box(), make_performer(), make_performer()
    now = "2026-01-01T00:00:00Z"
    for performer, box, rejected in ((source, one, "a"), (source, other, "b"), (into, one, "c")):
        PerformerLookup.objects.create(
            performer=performer, box=box, asked_at=now, rejected=[rejected]
        )

    merge_all([source], into=into)

    kept = PerformerLookup.objects.order_by("box").values_list("performer", "rejected")
    assert list(kept) == [(into.pk, ["c"]), (into.pk, ["b"])]
