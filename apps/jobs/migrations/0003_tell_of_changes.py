"""Write down every change of a job, whoever makes it, for those who watch."""

from django.db import migrations

# A batch's children are told of from their start on: their number stands in the batch's progress.
_TELL = """
CREATE FUNCTION jobs_tell_of_new() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO jobs_jobchange (job_id, state, version, is_progress)
    SELECT id, state, version, false FROM added WHERE parent_id IS NULL ORDER BY id;
    RETURN NULL;
END $$;
CREATE FUNCTION jobs_tell_of_changed() RETURNS trigger LANGUAGE plpgsql AS $$
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


class Migration(migrations.Migration):
    dependencies = [("jobs", "0002_jobs_that_are_never_lost")]

    operations = [migrations.RunSQL(_TELL, _BE_SILENT)]
