"""What the query language searches: one text for a video's words, one for all names of a label."""

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.expressions
import django.db.models.functions.comparison
from django.contrib.postgres.operations import UnaccentExtension
from django.db import migrations, models

# Schema and dictionary are named, as these functions also run where there is no search path (in a
# restore, say). ASCII punctuation alone parts words, so that no locale makes letters of others
# disappear; a folded text has one blank between words and around them, and nothing that LIKE minds.
_FUNCTIONS = """
DO $do$
DECLARE
    here text := quote_ident(current_schema());
    lies text := (SELECT quote_ident(n.nspname) FROM pg_extension e
                  JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'unaccent');
BEGIN
    EXECUTE format($f$
        CREATE FUNCTION %1$s.library_fold(given text) RETURNS text
        LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
        BEGIN
            RETURN ' ' || btrim(regexp_replace(
                lower(%2$s.unaccent('%2$s.unaccent', normalize(given, NFKC))),
                '[\\x01-\\x2f:-@\\[-`{-\\x7f]+', ' ', 'g')) || ' ';
        END $$
    $f$, here, lies);
    EXECUTE format($f$
        CREATE FUNCTION %1$s.library_haystack(title text, path text) RETURNS text
        LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
        BEGIN
            RETURN %1$s.library_fold(title) || '|' || %1$s.library_fold(path);
        END $$
    $f$, here);
    EXECUTE format($f$
        CREATE FUNCTION %1$s.library_names(name text, aliases text[], apart text DEFAULT '')
        RETURNS text LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
        DECLARE
            names text := '|' || %1$s.library_fold(name) || '|';
            other text;
        BEGIN
            IF apart <> '' THEN
                names := names || %1$s.library_fold(name || ' ' || apart) || '|';
            END IF;
            FOREACH other IN ARRAY aliases LOOP
                names := names || %1$s.library_fold(other) || '|';
            END LOOP;
            RETURN names;
        END $$
    $f$, here);
END $do$;
"""
_NO_FUNCTIONS = """
DROP FUNCTION library_names;
DROP FUNCTION library_haystack;
DROP FUNCTION library_fold;
"""

_PERFORMERS = """
CREATE OR REPLACE FUNCTION library_videoperformer_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE library_video video
    SET performer_ids = COALESCE(
        (SELECT array_agg(link.performer_id ORDER BY link.performer_id)
         FROM library_videoperformer link WHERE link.video_id = video.id), '{}')
    WHERE video.id IN (SELECT video_id FROM changed);
    UPDATE library_performer performer
    SET video_count = performer.video_count + TG_ARGV[0]::int * grouped.links
    FROM (SELECT performer_id, count(*) AS links FROM changed
          GROUP BY performer_id ORDER BY performer_id) grouped
    WHERE performer.id = grouped.performer_id;
    RETURN NULL;
END $$;
"""
_PERFORMERS_BEFORE = """
CREATE OR REPLACE FUNCTION library_videoperformer_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE library_performer performer
    SET video_count = performer.video_count + TG_ARGV[0]::int * grouped.links
    FROM (SELECT performer_id, count(*) AS links FROM changed
          GROUP BY performer_id ORDER BY performer_id) grouped
    WHERE performer.id = grouped.performer_id;
    RETURN NULL;
END $$;
"""
_FILL = """
UPDATE library_video video SET performer_ids = linked.ids
FROM (SELECT video_id, array_agg(performer_id ORDER BY performer_id) AS ids
      FROM library_videoperformer GROUP BY video_id) linked
WHERE linked.video_id = video.id
"""


class Migration(migrations.Migration):
    dependencies = [
        ("library", "0006_play_sessions"),
    ]

    operations = [
        UnaccentExtension(),
        migrations.RunSQL(_FUNCTIONS, _NO_FUNCTIONS),
        migrations.CreateModel(
            name="Word",
            fields=[
                ("text", models.CharField(max_length=60, primary_key=True, serialize=False)),
            ],
        ),
        migrations.RemoveIndex(
            model_name="performer",
            name="library_performer_trgm",
        ),
        migrations.RemoveIndex(
            model_name="studio",
            name="library_studio_trgm",
        ),
        migrations.RemoveIndex(
            model_name="tag",
            name="library_tag_trgm",
        ),
        migrations.RemoveIndex(
            model_name="video",
            name="library_video_width",
        ),
        migrations.RemoveIndex(
            model_name="video",
            name="library_video_title_trgm",
        ),
        migrations.RemoveIndex(
            model_name="video",
            name="library_video_path_trgm",
        ),
        migrations.AddField(
            model_name="performer",
            name="haystack",
            field=models.GeneratedField(
                db_persist=True,
                expression=models.Func(
                    "name", "aliases", "disambiguation", function="library_names"
                ),
                output_field=models.TextField(),
            ),
        ),
        migrations.AddField(
            model_name="studio",
            name="haystack",
            field=models.GeneratedField(
                db_persist=True,
                expression=models.Func("name", "aliases", function="library_names"),
                help_text="all names as they are searched: ``| one name | another |``",
                output_field=models.TextField(),
            ),
        ),
        migrations.AddField(
            model_name="tag",
            name="haystack",
            field=models.GeneratedField(
                db_persist=True,
                expression=models.Func("name", "aliases", function="library_names"),
                help_text="all names as they are searched: ``| one name | another |``",
                output_field=models.TextField(),
            ),
        ),
        migrations.AddField(
            model_name="video",
            name="haystack",
            field=models.GeneratedField(
                db_persist=True,
                expression=models.Func("title", "path", function="library_haystack"),
                help_text="title and path as they are searched: `` words of the title | words of the path ``",
                output_field=models.TextField(),
            ),
        ),
        migrations.AddField(
            model_name="video",
            name="lines",
            field=models.GeneratedField(
                db_persist=True,
                expression=django.db.models.functions.comparison.Greatest(
                    django.db.models.functions.comparison.Least("width", "height"),
                    django.db.models.expressions.CombinedExpression(
                        django.db.models.expressions.CombinedExpression(
                            django.db.models.functions.comparison.Greatest("width", "height"),
                            "*",
                            models.Value(9),
                        ),
                        "/",
                        models.Value(16),
                    ),
                ),
                help_text="of the 16:9 picture whose size it has: what names resolutions",
                output_field=models.IntegerField(null=True),
            ),
        ),
        migrations.AddField(
            model_name="video",
            name="made",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=20),
                default=list,
                editable=False,
                help_text="the kinds of artifacts that were made of it",
                size=None,
            ),
        ),
        migrations.AddField(
            model_name="video",
            name="performer_ids",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.BigIntegerField(), default=list, editable=False, size=None
            ),
        ),
        migrations.AddField(
            model_name="video",
            name="twin_distance",
            field=models.PositiveSmallIntegerField(
                editable=False,
                help_text="bits between its perceptual hash and the most similar other video's",
                null=True,
            ),
        ),
        migrations.RunSQL(_PERFORMERS, _PERFORMERS_BEFORE),
        migrations.RunSQL(_FILL, migrations.RunSQL.noop),
        migrations.AddIndex(
            model_name="performer",
            index=django.contrib.postgres.indexes.GinIndex(
                django.contrib.postgres.indexes.OpClass(models.F("haystack"), name="gin_trgm_ops"),
                name="library_performer_haystack",
            ),
        ),
        migrations.AddIndex(
            model_name="studio",
            index=django.contrib.postgres.indexes.GinIndex(
                django.contrib.postgres.indexes.OpClass(models.F("haystack"), name="gin_trgm_ops"),
                name="library_studio_haystack",
            ),
        ),
        migrations.AddIndex(
            model_name="tag",
            index=django.contrib.postgres.indexes.GinIndex(
                django.contrib.postgres.indexes.OpClass(models.F("haystack"), name="gin_trgm_ops"),
                name="library_tag_haystack",
            ),
        ),
        migrations.AddIndex(
            model_name="video",
            index=models.Index(fields=["lines"], name="library_video_lines"),
        ),
        migrations.AddIndex(
            model_name="video",
            index=models.Index(
                condition=models.Q(("twin_distance__isnull", False)),
                fields=["twin_distance"],
                name="library_video_twins",
            ),
        ),
        migrations.AddIndex(
            model_name="video",
            index=django.contrib.postgres.indexes.GinIndex(
                fields=["performer_ids"], name="library_video_performers"
            ),
        ),
        migrations.AddIndex(
            model_name="video",
            index=django.contrib.postgres.indexes.GinIndex(
                django.contrib.postgres.indexes.OpClass(models.F("haystack"), name="gin_trgm_ops"),
                name="library_video_haystack",
            ),
        ),
        migrations.AddIndex(
            model_name="video",
            index=django.contrib.postgres.indexes.GinIndex(
                django.contrib.postgres.indexes.OpClass(models.F("custom"), name="jsonb_path_ops"),
                condition=models.Q(("custom", {}), _negated=True),
                name="library_video_custom",
            ),
        ),
        migrations.AddIndex(
            model_name="word",
            index=django.contrib.postgres.indexes.GinIndex(
                django.contrib.postgres.indexes.OpClass(models.F("text"), name="gin_trgm_ops"),
                name="library_word_trgm",
            ),
        ),
    ]
