"""Let PostgreSQL know how common words are: by 100 samples a word in a hundredth of all is none."""

from django.db import migrations

_MORE = "ALTER TABLE library_video ALTER COLUMN haystack SET STATISTICS 500"
_USUAL = "ALTER TABLE library_video ALTER COLUMN haystack SET STATISTICS -1"


class Migration(migrations.Migration):
    dependencies = [("library", "0009_search_indexes")]

    operations = [migrations.RunSQL(_MORE, _USUAL)]
