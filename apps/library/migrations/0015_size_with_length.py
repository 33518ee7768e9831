"""Find the largest videos of a length in the index of sizes, without a look at the longer ones."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("library", "0014_links_wait_for_videos")]

    operations = [
        migrations.RemoveIndex(model_name="video", name="library_video_size"),
        migrations.AddIndex(
            model_name="video",
            index=models.Index(
                fields=["-size_bytes", "-id", "duration_ms"], name="library_video_size"
            ),
        ),
    ]
