"""Write down every change of a job, whoever makes it, for those who watch."""

from django.db import migrations

# A batch's children are told of from their start on: their number stands in the batch's progress.
# A session plans the join once, maybe for one changed row: a nested loop over the next hundred
# thousand would take hours.
_TELL = """
CREATE FUNCTION jobs_tell_of_new() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO jobs_jobchange (job_id, state, version, is_progress)
    SELECT id, state, version, false FROM added WHERE parent_id IS NULL ORDER BY id;
    RETURN NULL;
END $$;
CREATE FUNCTION jobs_tell_of_changed() RETURNS trigger LANGUAGE plpgsql
SET enable_nestloop = off AS $$
BEGIN
    INSERT INTO jobs_jobchange (job_id, state, version, is_progress)
    SELECT job.id, job.state, job.version, job.version = was.version
    FROM now_so job JOIN before was ON was.id = job.id
    WHERE (job.version, job.done, job.total, job.facts)
          IS DISTINCT FROM (was.version, was.done, was.total, was.facts)
    ORDER BY job.id;
    RETURN NULL;
END $$;
CREATE TRIGGER jobs_job_added AFTER INSERT ON jobs_job
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION jobs_tell_of_new();
CREATE TRIGGER jobs_job_changed AFTER UPDATE ON jobs_job
    REFERENCING OLD TABLE AS before NEW TABLE AS now_so
    FOR EACH STATEMENT EXECUTE FUNCTION jobs_tell_of_changed();
"""
_BE_SILENT = """
DROP TRIGGER jobs_job_added ON jobs_job;
DROP TRIGGER jobs_job_changed ON jobs_job;
DROP FUNCTION jobs_tell_of_new;
DROP FUNCTION jobs_tell_of_changed;
"""
# The lock goes with the transaction, after its rows have become visible: so ids and visibility have
# one order. Only this function writes events, which is why it, and no trigger, notifies: a NOTIFY
# makes commits queue up (docs/events.md has the figures). The table is emptied all the time: the
# index finds what is in it faster than its dead pages, which are to be vacuumed soon.
_ORDER = """
CREATE FUNCTION jobs_put_in_order(most integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    placed integer;
BEGIN
    IF (SELECT id FROM jobs_jobchange ORDER BY id LIMIT 1) IS NULL
       OR NOT pg_try_advisory_xact_lock(hashtext('jobs'), hashtext('order')) THEN
        RETURN 0;
    END IF;
    WITH taken AS (
        DELETE FROM jobs_jobchange
        WHERE id IN (SELECT id FROM jobs_jobchange ORDER BY id LIMIT most)
        RETURNING *
    ), in_order AS (
        SELECT *, lead(is_progress) OVER (PARTITION BY job_id ORDER BY id) AS is_overtaken
        FROM taken
    ), put AS (
        INSERT INTO jobs_jobevent (job_id, state, version, is_progress, at)
        SELECT job_id, state, version, is_progress, at FROM in_order
        WHERE NOT is_progress OR is_overtaken IS NOT TRUE
        ORDER BY id
        RETURNING 1
    )
    SELECT count(*) INTO placed FROM put;
    PERFORM pg_notify('mediahub_job_events', '');
    RETURN placed;
END $$;
ALTER TABLE jobs_jobchange
    SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);
"""
_NO_ORDER = """
ALTER TABLE jobs_jobchange
    RESET (autovacuum_vacuum_scale_factor, autovacuum_vacuum_threshold);
DROP FUNCTION jobs_put_in_order;
"""


class Migration(migrations.Migration):
    dependencies = [("jobs", "0002_jobs_that_are_never_lost")]

    operations = [
        migrations.RunSQL(_TELL, _BE_SILENT),
        migrations.RunSQL(_ORDER, _NO_ORDER),
    ]
