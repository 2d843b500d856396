"""Files that failed in passing, as an administrator sees them: that it passes, and when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from html import unescape

from streamlit.testing.v1 import AppTest

from tests.ui.scripted import ScriptedClient, job, job_item
from ui.messages import text

DOWN = "Le calcul des vecteurs ne répond pas."


def shown(page: AppTest) -> str:
    assert not page.exception, page.exception
    return "\n".join(str(one.value) for one in page.html)


def test_files_that_failed_in_passing_say_when_they_are_tried_again(
    api: ScriptedClient, documents_page: AppTest
) -> None:
    later = datetime.now(UTC) + timedelta(minutes=5)
    counts = {"indexed": 3, "retrying": 2, "pending": 5}
    api.jobs = [job(counts=counts, next_try_at=later, waiting_reason=DOWN)]
    api.job_items = [job_item("retrying", reason=DOWN, retry_at=later, setbacks=2)]
    page = documents_page.run()

    assert "2 fichiers n'ont pas pu être traités pour l'instant" in shown(page).replace(
        "&#x27;", "'"
    )
    assert f"{DOWN} Nouvel essai automatique dans 5 min" in shown(page)
    page.button("reasons-job-1").click().run()

    assert DOWN in shown(page)
    assert "Échec passager : nouvel essai automatique dans 5 min" in shown(page)


def test_a_try_that_is_due_is_a_matter_of_seconds(
    api: ScriptedClient, documents_page: AppTest
) -> None:
    earlier = datetime.now(UTC) - timedelta(minutes=1)
    api.jobs = [job(counts={"retrying": 1}, next_try_at=earlier)]

    assert "Nouvel essai automatique dans 1 s" in shown(documents_page.run())


def test_a_job_without_such_files_says_nothing_of_them(
    api: ScriptedClient, documents_page: AppTest
) -> None:
    api.jobs = [job()]

    assert "Nouvel essai" not in shown(documents_page.run())


def test_files_that_the_index_cannot_take_now_say_why_and_that_it_passes(
    api: ScriptedClient, documents_page: AppTest
) -> None:
    full = "Le disque de l'index est plein."
    api.jobs = [job(counts={"indexing": 3}, held_reason=full)]

    words = unescape(shown(documents_page.run()))

    assert f"3 fichiers sont lus mais pas encore montrés. {full} Dès que c'est possible" in words


def test_an_old_job_says_how_many_files_it_tells_no_longer(
    api: ScriptedClient, documents_page: AppTest
) -> None:
    api.jobs = [job("failed", done=10, counts={"failed": 2, "indexed": 8}, forgotten=9)]

    assert "9 fichiers ne sont plus détaillés" in shown(documents_page.run())


def test_failures_tell_those_for_good_from_those_given_up(
    api: ScriptedClient, documents_page: AppTest
) -> None:
    api.jobs = [job("failed", done=10, counts={"failed": 2})]
    api.job_items = [job_item(), job_item(id="i2", name="b.pdf", reason=DOWN, setbacks=10)]
    page = documents_page.run()

    page.button("failures-job-1").click().run()

    assert text("jobs.outlook_lasting").split(" :")[0] in shown(page)
    assert "abandonné après 10 essais" in shown(page)
