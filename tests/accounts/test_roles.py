"""The roles include one another, and hold what their names say."""

import pytest
from django.contrib.auth.models import Group

from apps.accounts.choices import Role
from apps.accounts.services.roles import sync_roles
from tests.factories import make_user

pytestmark = pytest.mark.django_db


def _permissions(role: Role) -> set[str]:
    return make_user(role).get_all_permissions()


def test_each_role_includes_those_before() -> None:
    viewer, editor, operator, administrator = [_permissions(role) for role in Role]

    assert viewer < editor < operator < administrator


@pytest.mark.parametrize(
    ("permission", "least"),
    [
        ("library.view_video", Role.VIEWER),
        ("artifacts.view_artifact", Role.VIEWER),
        ("library.change_video", Role.EDITOR),
        ("library.delete_tag", Role.EDITOR),
        ("jobs.view_job", Role.EDITOR),
        ("core.view_auditentry", Role.EDITOR),
        ("stashbox.view_stashbox", Role.EDITOR),
        ("stashbox.identify", Role.EDITOR),
        ("stashbox.change_stashbox", Role.OPERATOR),
        ("stashbox.change_identifysettings", Role.OPERATOR),
        ("stashbox.submit", Role.OPERATOR),
        ("library.scan_library", Role.OPERATOR),
        ("library.add_library", Role.OPERATOR),
        ("jobs.control_job", Role.OPERATOR),
        ("core.view_health", Role.OPERATOR),
        ("auth.change_user", Role.ADMINISTRATOR),
        ("accounts.delete_apitoken", Role.ADMINISTRATOR),
    ],
)
def test_permission_begins_with_a_role(permission: str, least: Role) -> None:
    roles = list(Role)

    assert [role for role in roles if permission in _permissions(role)] == roles[
        roles.index(least) :
    ]


def test_permission_given_by_hand_stays() -> None:
    group = Group.objects.get(name=Role.VIEWER)
    extra = Group.objects.get(name=Role.OPERATOR).permissions.get(codename="scan_library")
    group.permissions.add(extra)

    sync_roles()

    assert extra in group.permissions.all()
