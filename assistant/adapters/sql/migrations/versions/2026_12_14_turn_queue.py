"""On PostgreSQL, procrastinate's tables: its own scripts, as the package ships them, up to one of them."""

from importlib import resources

from alembic import op

revision = "20261214_1"
down_revision = "20261213_1"
branch_labels = None
depends_on = None

LAST = "03.04.00_50_post_add_retry_failed_job_procedure.sql"
"""A later one needs a migration of its own, which runs what comes after this."""
_REMOVED = """
DROP TABLE procrastinate_events, procrastinate_periodic_defers, procrastinate_jobs, procrastinate_workers
  CASCADE;
DO $$
DECLARE found regprocedure;
BEGIN
  FOR found IN SELECT oid FROM pg_proc
    WHERE proname LIKE 'procrastinate\\_%' AND pronamespace = current_schema()::regnamespace
  LOOP EXECUTE 'DROP FUNCTION ' || found; END LOOP;
END $$;
DROP TYPE procrastinate_job_to_defer_v1, procrastinate_job_status, procrastinate_job_event_type;
"""


def upgrade() -> None:
    """Jobs that wait already are found by the look of each worker."""
    if _is_postgresql():
        shipped = resources.files("procrastinate.sql.migrations").iterdir()
        for script in sorted(shipped, key=lambda each: each.name):
            if script.name.endswith(".sql") and script.name <= LAST:
                _run(script.read_text(encoding="utf-8"))


def downgrade() -> None:
    """No job of ours is in these tables."""
    if _is_postgresql():
        _run(_REMOVED)


def _is_postgresql() -> bool:
    return op.get_bind().dialect.name == "postgresql"


def _run(script: str) -> None:
    op.get_bind().exec_driver_sql(script, execution_options={"no_parameters": True})
