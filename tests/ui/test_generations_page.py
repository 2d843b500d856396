"""The page of generations of the index."""

from __future__ import annotations

import pytest

from assistant.schemas.generations import GenerationIn, GenerationOut
from tests.ui.administration import click, keys, opened, said
from tests.ui.alone import click_alone
from tests.ui.scripted import NOW
from tests.ui.scripted_generations import GeneratingClient, forecast, generation, trial


@pytest.fixture
def api() -> GeneratingClient:
    return GeneratingClient(roles=("agent", "tenant_admin", "platform_admin"))


def test_page_is_for_the_platform(api: GeneratingClient) -> None:
    api.roles = ("agent", "tenant_admin")

    page = opened(api, "generations")

    assert "administrateurs de la plateforme" in page.warning[0].value
    assert keys(page) == []


def test_one_of_the_models_of_the_settings_is_planned(api: GeneratingClient) -> None:
    page = opened(api, "generations")
    assert len(page.text_input) == len(page.text_area) == 0

    page.selectbox("generation-embedder").select_index(1).run()
    click(page, "plan-generation")

    assert api.done == [("plan", "mistral")]
    assert api.planned == GenerationIn(
        embedder="mistral", bm25_k1=1.2, bm25_b=0.75, bm25_length=100
    )


def test_how_words_are_weighed_may_be_chosen(api: GeneratingClient) -> None:
    page = opened(api, "generations")
    page.number_input("generation-k1").set_value(0.9).run()
    page.number_input("generation-b").set_value(0.4).run()

    click(page, "plan-generation")

    assert api.planned == GenerationIn(bm25_k1=0.9, bm25_b=0.4, bm25_length=100)


def test_the_length_of_passages_may_be_chosen(api: GeneratingClient) -> None:
    page = opened(api, "generations")
    page.number_input("generation-tokens").set_value(128).run()

    click(page, "plan-generation")

    assert api.planned is not None
    assert api.planned.chunk_tokens == 128


def test_documents_that_keep_their_passages_are_told(api: GeneratingClient) -> None:
    api.found = [
        generation(
            2,
            "planned",
            chunk_tokens=128,
            cut_done=40,
            kept_as_cut=3,
            forecast=forecast(to_cut=90),
        )
    ]

    words = said(opened(api, "generations"))

    assert "environ 128 jetons" in words
    assert "40 documents découpés de nouveau sur 90" in words
    assert "3 documents gardent leur découpage" in words


def test_how_words_are_weighed_is_told(api: GeneratingClient) -> None:
    words = {"k1": 0.9, "b": 0.4, "length": 120}
    api.found = [generation(2, "planned", words=words), generation(1, "active")]

    assert "k1 0,9, b 0,4, passage moyen de 120 mots" in said(opened(api, "generations"))


def test_what_is_foreseen_is_told_before_it_is_built(api: GeneratingClient) -> None:
    api.found = [generation(2, "planned"), generation(1, "active")]

    page = opened(api, "generations")
    words = said(page)

    assert "1\u202f500 textes à calculer" in words
    assert "42 Mo de disque" in words
    assert "5 min" in words
    assert "plan-generation" not in keys(page)
    click(page, "build-2")
    assert api.done == [("build", "g-2")]


def test_a_disk_without_room_is_told(api: GeneratingClient) -> None:
    api.found = [generation(2, "planned", forecast=forecast(fits=False))]

    assert "pas assez de place" in said(opened(api, "generations"))


def test_a_generation_under_construction_is_followed_and_cancelled(api: GeneratingClient) -> None:
    api.found = [
        generation(2, "building", texts_done=750, left_s=150.0, detail="Le service ne répond pas.")
    ]

    page = opened(api, "generations")

    assert "Le service ne répond pas." in page.warning[0].value
    click(page, "cancel-2")
    assert api.done == [("cancel", "g-2")]


def test_a_passed_evaluation_is_switched_to_after_a_confirmation(api: GeneratingClient) -> None:
    api.found = [generation(2, "evaluated", trial=trial("passed")), generation(1, "active")]
    page = click(opened(api, "generations"), "ask-switch-2")
    assert "vous pourrez y revenir" in said(page)
    assert len(page.text_area) == 0
    assert api.done == []

    click(page, "dialog-confirm")

    assert api.done == [("switch", "g-2", "")]
    assert "en service" in page.success[0].value


@pytest.mark.parametrize("verdict", ["failed", "unsure", "no_questions", "unmeasured"])
def test_a_switch_against_the_evaluation_wants_a_reason(
    api: GeneratingClient, verdict: str
) -> None:
    api.found = [generation(2, "evaluated", trial=trial(verdict, is_lost=True))]
    page = click(opened(api, "generations"), "ask-switch-2")
    assert page.button("dialog-confirm").disabled

    page.text_area("switch-reason").input("Décision du comité").run()
    click(page, "dialog-confirm")

    assert api.done == [("switch", "g-2", "Décision du comité")]


def test_the_report_tells_what_is_lost(api: GeneratingClient) -> None:
    api.found = [generation(2, "evaluated", trial=trial("failed", is_lost=True))]

    words = said(opened(api, "generations"))

    assert "90 → 70 (perte)" in words
    assert "40 questions" in words


def test_the_previous_one_is_gone_back_to_after_a_confirmation(api: GeneratingClient) -> None:
    api.found = [
        generation(2, "active", overruled="Décision du comité"),
        generation(1, "previous"),
    ]
    page = opened(api, "generations")
    assert "Décision du comité" in said(page)
    click(page, "ask-rollback-1")
    assert api.done == []

    click(page, "dialog-confirm")

    assert api.done == [("rollback", "g-2 → g-1")]


def test_an_evaluation_under_way_is_stopped_and_not_switched_past(api: GeneratingClient) -> None:
    api.found = [
        generation(2, "evaluated", trial=trial("passed"), is_trial_wanted=True),
        generation(1, "active"),
    ]
    page = opened(api, "generations")
    assert "ask-switch-2" not in keys(page)

    click(page, "stop-2")

    assert api.done == [("cancel", "g-2")]
    api.found = [generation(2, "evaluated"), generation(1, "active")]
    assert "ask-switch-2" not in keys(opened(api, "generations"))


def test_one_that_failed_says_why_and_is_built_again(api: GeneratingClient) -> None:
    api.found = [
        generation(2, "failed", detail="La clé est refusée."),
        generation(1, "active"),
    ]
    page = opened(api, "generations")
    assert "La clé est refusée." in said(page)

    click(page, "rebuild-2")

    assert api.done == [("build", "g-2")]


def test_removing_says_that_it_is_for_good(api: GeneratingClient) -> None:
    api.found = [generation(2, "built")]
    page = click(opened(api, "generations"), "ask-remove-2")
    assert "définitif" in said(page)

    click(page, "dialog-confirm")

    assert api.done == [("remove", "g-2")]


def searching(tenant_id: str, name: str, *, overruled: str = "") -> dict[str, object]:
    return {"id": tenant_id, "name": name, "since": NOW, "overruled": overruled}


def test_one_organisation_is_switched_by_its_own_evaluation(api: GeneratingClient) -> None:
    passed = trial("passed")
    of_another = passed.sets[0].model_copy(update={"tenant_id": "autre"})
    passed = passed.model_copy(update={"sets": [of_another]})
    api.found = [generation(2, "evaluated", trial=passed), generation(1, "active")]
    tenant = api.list_tenants()[0]
    page = click(opened(api, "generations"), "ask-switch-2")

    page.radio("for-some").set_value(True).run()
    assert page.button("dialog-confirm").disabled
    page.multiselect("generation-tenants").select(tenant.name).run()
    assert "Aucun des organismes concernés" in said(page)
    page.text_area("switch-reason").input("Essai voulu par elle").run()
    click(page, "dialog-confirm")

    assert api.done == [("switch", "g-2", "Essai voulu par elle", tenant.id)]


def test_who_searches_another_generation_is_told_and_given_the_common_one(
    api: GeneratingClient,
) -> None:
    some = [searching("c", "Commune", overruled="Essai"), searching("v", "Ville")]
    api.found = [
        generation(2, "evaluated", trial=trial("passed"), tenants=some),
        generation(1, "active"),
    ]
    page = opened(api, "generations")
    assert "interrogée par Commune depuis le" in said(page)
    assert "motif : Essai" in said(page)
    assert "ask-remove-2" not in keys(page)
    click(page, "ask-release-2")

    page.multiselect("generation-tenants").set_value(["Commune"]).run()
    click(page, "dialog-confirm")

    assert api.done == [("rollback", "g-2 → g-1", "c")]


def test_one_organisation_goes_back_to_the_previous_one(api: GeneratingClient) -> None:
    api.found = [generation(2, "active"), generation(1, "previous")]
    tenant = api.list_tenants()[0]
    page = click(opened(api, "generations"), "ask-rollback-1")

    page.radio("for-some").set_value(True).run()
    page.multiselect("generation-tenants").select(tenant.name).run()
    click(page, "dialog-confirm")

    assert api.done == [("rollback", "g-2 → g-1", tenant.id)]


@pytest.mark.parametrize(
    ("before", "act", "after"),
    [
        (generation(2, "planned"), "build-2", generation(2, "building")),
        (generation(2, "built"), "evaluate-2", generation(2, "built", is_trial_wanted=True)),
        (generation(2, "failed"), "rebuild-2", generation(2, "building")),
    ],
)
def test_what_a_click_began_is_followed(
    api: GeneratingClient, before: GenerationOut, act: str, after: GenerationOut
) -> None:
    api.found = [before]
    page = opened(api, "generations")

    api.found = [after]
    click_alone(page, act)

    assert page.title


def test_a_click_on_a_generation_opens_its_dialog(api: GeneratingClient) -> None:
    api.found = [generation(2, "evaluated", trial=trial("passed"))]

    page = click_alone(opened(api, "generations"), "ask-switch-2")

    assert "dialog-confirm" in keys(page)
