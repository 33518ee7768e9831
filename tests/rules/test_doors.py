"""Rules and names by the API, the admin and the shell."""

import io
import json
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from apps.jobs.models import Job
from apps.rules.models import Rule
from apps.rules.services.autotag import settings_of_all
from tests.client import Api
from tests.factories import make_performer, make_tag, make_video

pytestmark = pytest.mark.django_db


class TestApi:
    def test_a_rule_is_made_tried_and_run(self, api: Api) -> None:
        make_video("Film")
        body = {"name": "All", "query": "title:film", "changes": {"rating": 80}}

        made = api.post("rules/", body)
        assert made.status_code == 201, made.content
        rule = made.json()
        tried = api.post(f"rules/{rule['id']}/run/", {"dry_run": True}).json()
        assert (tried["matched"], tried["changed"], tried["entry"]) == (1, 1, None)
        run = api.post(f"rules/{rule['id']}/run/", {})

        assert run.status_code == 202
        assert run.json()["params"] == {"rule_ids": [rule["id"]]}

    @pytest.mark.parametrize(
        "body", [{"query": "ratng>1"}, {"changes": {"x": 1}}, {"changes": {}}, {"name": ""}]
    )
    def test_what_makes_no_sense_is_refused(self, api: Api, body: dict[str, Any]) -> None:
        answer = api.post("rules/", {"name": "x", "query": "", "changes": {"rating": 1}, **body})

        assert answer.status_code == 400, answer.content

    def test_names_are_found(self, api: Api) -> None:
        tag, video = make_tag("Beach"), make_video("Beach")

        found = api.post("rules/autotag/", {}).json()
        assert found["labels"] == [{"kind": "tag", "id": tag.pk, "name": "Beach", "videos": 1}]
        assert found["samples"][0]["changes"] == {"tags": [[], [{"id": tag.pk, "name": "Beach"}]]}
        started = api.post("rules/autotag/", {"ids": [video.pk], "dry_run": False})

        assert started.status_code == 202
        assert Job.objects.get(kind="rules.autotag").params["ids"] == [video.pk]

    def test_the_settings_are_changed(self, api: Api) -> None:
        tag = make_tag()

        told = api.patch("rules/autotag/settings/", {"least_letters": 5, "ignored_tags": [tag.pk]})

        assert told.status_code == 200, told.content
        assert settings_of_all().least_letters == 5
        assert list(settings_of_all().ignored_tags.all()) == [tag]

    def test_the_list_costs_the_same_for_many(
        self, api: Api, django_assert_max_num_queries: Any
    ) -> None:
        for number in range(12):
            Rule.objects.create(name=str(number), changes={"rating": 1})

        with django_assert_max_num_queries(4):
            assert len(api.results("rules/")) == 12


class TestAdmin:
    def test_a_rule_is_made_with_its_boxes(self, browser: Client) -> None:
        tag, performer = make_tag(), make_performer()
        sent = {
            "name": "Mine", "query": "rating>5", "add_tags": tag.pk,
            "add_performers": performer.pk, "changes": '{"favorite": true}', "enabled": "on",
            "position": 0,
        }  # fmt: skip

        browser.post(reverse("admin:rules_rule_add"), sent)

        rule = Rule.objects.get()
        assert rule.changes == {
            "favorite": True, "tags": {"add": [tag.pk]}, "performers": {"add": [performer.pk]},
        }  # fmt: skip
        page = reverse("admin:rules_rule_change", args=[rule.pk])
        assert tag.name in browser.get(page).content.decode()
        browser.post(page, {**sent, "add_tags": [], "version": rule.version})
        rule.refresh_from_db()
        assert "tags" not in rule.changes

    def test_mistakes_are_told(self, browser: Client) -> None:
        sent = {"name": "Mine", "query": "ratng>5", "changes": '{"rating": 1}', "position": 0}

        answer = browser.post(reverse("admin:rules_rule_add"), sent)

        assert answer.status_code == 200
        assert not Rule.objects.exists()

    def test_a_rule_is_tried_and_run(self, browser: Client) -> None:
        make_video("<b>Film</b>")
        rule = Rule.objects.create(name="Rated", changes={"rating": 80})
        page = reverse("admin:rules_rule_try", args=[rule.pk])

        tried = browser.get(page).content.decode()
        assert "&lt;b&gt;Film&lt;/b&gt;" in tried
        browser.post(page)

        assert Job.objects.get(kind="rules.run").params == {"rule_ids": [rule.pk]}

    def test_names_are_shown_and_found(self, browser: Client) -> None:
        make_tag("Beach")
        make_video("Beach")
        page = reverse("admin:rules_autotag")

        shown = browser.get(page, {"q": ""}).content.decode()
        assert "tag, 1 video" in shown
        assert browser.get(page, {"q": "rating>"}).status_code == 200
        browser.post(page, {"deed": "apply", "q": ""})
        assert Job.objects.filter(kind="rules.autotag").exists()
        browser.post(page, {"tags": "on", "where": "title", "least_letters": 4})

        row = settings_of_all()
        assert (row.where, row.least_letters, row.performers) == ("title", 4, False)


class TestCommand:
    def test_says_what_would_be_found_and_finds_it(self) -> None:
        make_tag("Beach")
        video = make_video("Beach")

        def run(*arguments: str) -> Any:
            out = io.StringIO()
            call_command("autotag", *arguments, "--json", stdout=out)
            return json.loads(out.getvalue())

        assert run()["changed"] == 1
        assert not video.tags.exists()
        assert run("--apply", "--q", "title:beach")["entry"]
        assert video.tags.exists()

    def test_tells_people(self) -> None:
        make_tag("Beach")
        make_video("Beach")
        out = io.StringIO()

        call_command("autotag", stdout=out)

        assert "1 of 1 videos would get labels." in out.getvalue()
