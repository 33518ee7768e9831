"""Profiles to begin with: those of ``fixtures/encoding_profiles.json`` as it is at that time.

They are people's from then on: what is deleted doesn't come back. Taken back, those go that nothing
was made with and that nobody has changed.
"""

import json

from django.conf import settings
from django.db import migrations


def install(apps, _schema_editor):
    profile = apps.get_model("transcodes", "EncodingProfile")
    version = apps.get_model("transcodes", "ProfileVersion")
    path = settings.BASE_DIR / "fixtures" / "encoding_profiles.json"
    known = {field.name for field in profile._meta.concrete_fields}
    apart = {"id", "created_at", "updated_at", "version", "provenance", "locked_fields"}
    unkept = {"description", "enabled", "shipped"}
    for each in json.loads(path.read_text()):
        values = {name: value for name, value in each["fields"].items() if name in known - apart}
        made = profile.objects.create(**values)
        kept = {name: getattr(made, name) for name in sorted(known - apart - unkept)}
        version.objects.create(profile=made, number=1, values=kept)


def remove(apps, _schema_editor):
    profile = apps.get_model("transcodes", "EncodingProfile")
    unused = profile.objects.filter(
        version=1, rules__isnull=True, versions__transcodes__isnull=True
    ).exclude(shipped="")
    profile.objects.filter(pk__in=list(unused.values_list("pk", flat=True))).delete()


class Migration(migrations.Migration):
    dependencies = [("transcodes", "0001_initial")]

    operations = [migrations.RunPython(install, remove)]
