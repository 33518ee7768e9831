"""What short jobs consist of, a claim and a success, as functions: both are one exchange.

A session plans what is in a function once; planning takes several times as long as doing.
"""

from django.db import migrations

# A loose index scan names the lanes and kinds that wait (there are few, however many jobs wait),
# looks at the most urgent job of each that may start, and takes the most urgent of those. So neither
# a paused kind nor a full lane with a hundred thousand jobs in front costs anything.
# Literals, not parameters, so that the planner can tell that the partial index fits.
_OPEN = "queue = its_queue AND state = 'queued' AND waits = 0 AND run_at IS NULL"
_NEXT = f"""
CREATE FUNCTION jobs_next(
    its_queue text, known text[], refused text[], OUT its_lane text, OUT its_kind text
) LANGUAGE plpgsql STABLE AS $$
BEGIN
    WITH RECURSIVE groups AS (
        (SELECT lane, kind FROM jobs_job WHERE {_OPEN} ORDER BY lane, kind LIMIT 1)
        UNION ALL
        SELECT following.lane, following.kind
        FROM groups CROSS JOIN LATERAL (
            SELECT lane, kind FROM jobs_job
            WHERE {_OPEN} AND (lane, kind) > (groups.lane, groups.kind)
            ORDER BY lane, kind LIMIT 1
        ) following
    )
    SELECT groups.lane, groups.kind INTO its_lane, its_kind
    FROM groups CROSS JOIN LATERAL (
        SELECT urgency, id, lane_limit FROM jobs_job
        WHERE {_OPEN} AND lane = groups.lane AND kind = groups.kind
        ORDER BY urgency, id LIMIT 1
    ) head
    WHERE groups.kind = ANY(known) AND groups.lane <> ALL(refused)
      AND NOT EXISTS (
        SELECT FROM jobs_hold WHERE queue = its_queue OR (kind <> '' AND kind = groups.kind))
      AND (groups.lane = '' OR head.lane_limit > jobs_at_work(groups.lane))
    ORDER BY head.urgency, head.id LIMIT 1;
END $$;
"""  # noqa: S608 - of constants
_AT_WORK = """
CREATE FUNCTION jobs_at_work(its_lane text) RETURNS bigint LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (
        SELECT count(*) FROM jobs_job
        WHERE state IN ('running', 'cancelling') AND lane = its_lane AND lease_until IS NOT NULL
    );
END $$;
"""
# The job is chosen in a statement of its own: joined with the update, some plans would look for it
# again for each row that they pass, and every look would find, and take, another job.
# Claims of one lane look one after the other, each with those before it committed. Whoever has
# locked a lane doesn't wait for another one: two could wait for each other.
_CLAIM = f"""
CREATE FUNCTION jobs_claim(its_queue text, known text[], by_worker text, lease_s integer)
RETURNS SETOF jobs_job LANGUAGE plpgsql AS $$
DECLARE
    following record;
    picked record;
    lock_key bigint;
    refused text[] := '{{}}';
BEGIN
    LOOP
        SELECT * INTO following FROM jobs_next(its_queue, known, refused);
        SELECT id, lane_limit INTO picked FROM jobs_job
        WHERE {_OPEN} AND lane = following.its_lane AND kind = following.its_kind
        ORDER BY urgency, id LIMIT 1 FOR UPDATE SKIP LOCKED;
        EXIT WHEN NOT FOUND;
        IF following.its_lane <> '' THEN
            lock_key := hashtextextended(following.its_lane, 0);
            IF refused = '{{}}' THEN
                PERFORM pg_advisory_xact_lock(lock_key);
            ELSIF NOT pg_try_advisory_xact_lock(lock_key) THEN
                refused := refused || following.its_lane;
                CONTINUE;
            END IF;
            IF jobs_at_work(following.its_lane) >= picked.lane_limit THEN
                refused := refused || following.its_lane;
                CONTINUE;
            END IF;
        END IF;
        RETURN QUERY UPDATE jobs_job SET
            state = 'running', attempt = attempt + 1, fence = fence + 1, version = version + 1,
            worker = by_worker, started_at = statement_timestamp(), pause_requested = false,
            lease_until = clock_timestamp() + make_interval(secs => lease_s)
        WHERE id = picked.id RETURNING *;
        EXIT;
    END LOOP;
END $$;
"""  # noqa: S608 - of constants
# One count for each prerequisite that has ended; locks, taken in one order, make concurrent ends
# queue up.
_COUNT_DOWN = """
CREATE FUNCTION jobs_count_down(ended bigint[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    woken text;
BEGIN
    IF NOT EXISTS (SELECT FROM jobs_jobdependency WHERE needs_id = ANY(ended)) THEN
        RETURN;
    END IF;
    FOR woken IN
        WITH counted AS (
            SELECT job_id, count(*) AS number FROM jobs_jobdependency
            WHERE needs_id = ANY(ended) GROUP BY job_id
        ), locked AS MATERIALIZED (
            SELECT id FROM jobs_job
            WHERE id IN (SELECT job_id FROM counted) AND state IN ('queued', 'paused')
            ORDER BY id FOR NO KEY UPDATE
        )
        UPDATE jobs_job SET waits = GREATEST(0, waits - counted.number)
        FROM locked JOIN counted ON counted.job_id = locked.id
        WHERE jobs_job.id = locked.id AND state IN ('queued', 'paused')
        RETURNING jobs_job.queue
    LOOP
        PERFORM pg_notify('mediahub_jobs', woken);
    END LOOP;
END $$;
"""
_SUCCEED = """
CREATE FUNCTION jobs_succeed(
    its_id bigint, its_fence integer, its_summary jsonb, its_facts jsonb,
    its_done bigint, its_total bigint
) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    UPDATE jobs_job SET
        state = 'succeeded', finished_at = statement_timestamp(), lease_until = NULL,
        pause_requested = false, version = version + 1, is_batch = false,
        summary = its_summary, facts = its_facts, done = its_done, total = its_total
    WHERE id = its_id AND fence = its_fence
      AND state IN ('running', 'cancelling') AND lease_until IS NOT NULL;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    PERFORM jobs_count_down(ARRAY[its_id]);
    RETURN true;
END $$;
"""
_NONE = """
DROP FUNCTION jobs_succeed;
DROP FUNCTION jobs_count_down;
DROP FUNCTION jobs_claim;
DROP FUNCTION jobs_next;
DROP FUNCTION jobs_at_work;
"""


class Migration(migrations.Migration):
    dependencies = [("jobs", "0003_tell_of_changes")]

    operations = [
        migrations.RunSQL(_AT_WORK + _NEXT + _CLAIM + _COUNT_DOWN + _SUCCEED, _NONE),
    ]
