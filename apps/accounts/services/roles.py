"""The four roles, as groups whose permissions follow the models."""

from django.contrib.auth.models import Group, Permission
from django.db import transaction
from django.db.models import Q

from apps.accounts.choices import Role

CATALOGUE = ("video", "performer", "performerimage", "studio", "tag", "marker")
_VIEWED = (*CATALOGUE, "library", "file", "artifact", "customfield")


def _on(actions: str, models: tuple[str, ...]) -> Q:
    names = [f"{action}_{model}" for action in actions.split() for model in models]
    return Q(codename__in=names)


_OPERATED = ("library", "file", "artifact", "customfield", "job", "schedule")

_GRANTS: dict[Role, Q] = {
    Role.VIEWER: _on("view", _VIEWED),
    Role.EDITOR: _on("add change delete", CATALOGUE)
    | _on("add change delete view", ("rule",))
    | _on("view", ("auditentry", "job", "schedule", "machine", "stashbox", "identifysettings"))
    | Q(codename="identify", content_type__app_label="stashbox")
    | _on("view", ("mediaserver", "notice"))
    | _on("view", ("encodingprofile", "transcoderule", "transcode"))
    | _on("view", ("track", "identity", "facesettings", "facelibrary"))
    | _on("change", ("identity",)),
    Role.OPERATOR: _on("add change delete", _OPERATED)
    | _on("view", ("health",))
    | _on("scan", ("library",))
    | _on("control", ("job",))
    | _on("change", ("machine",))
    | _on("add change delete", ("stashbox",))
    | _on("add change delete", ("mediaserver",))
    | Q(codename="tell", content_type__app_label="mediaservers")
    | _on("add change delete", ("encodingprofile", "transcoderule"))
    | _on("add restore", ("transcode",))
    | _on("change", ("identifysettings",))
    | Q(codename="submit", content_type__app_label="stashbox")
    | _on("change", ("facesettings", "facelibrary"))
    | Q(codename__in=("find", "wipe"), content_type__app_label="faces"),
    Role.ADMINISTRATOR: _on("add change delete view", ("user", "group", "apitoken")),
}


@transaction.atomic
def sync_roles() -> None:
    """Bring the groups to what is written here. Permissions given to a group by hand stay."""
    permissions = Q()
    for role in Role:
        permissions |= _GRANTS[role]
        group, _ = Group.objects.get_or_create(name=role.value)
        group.permissions.add(*Permission.objects.filter(permissions))
