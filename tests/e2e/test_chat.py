"""The customer's chat page in a browser."""

from __future__ import annotations

import json
import urllib.request
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import APIResponse, Page, Route, expect

from bot.messages import Handler
from tests.e2e.conftest import OpenPage, serving
from tests.fakes.scripted_frontdesk import a_scripted_frontdesk

pytestmark = [pytest.mark.browser, pytest.mark.slow]

HOSTILE = "<img src=x onerror=\"window.hacked='yes'\"><b>refund</b> [x](javascript:alert(1))"


def ask(page: Page, text: str) -> None:
    page.get_by_label("Your message").fill(text)
    page.keyboard.press("Enter")


def answered(page: Page, count: int = 1) -> None:
    expect(page.locator(".fd-log .fd-message--answer, .fd-log .fd-message--abstained")).to_have_count(count)
    expect(page.locator(".is-live")).to_have_count(0)


def test_an_answer_streams_and_its_source_opens_at_the_quote(desk: Any, address: str, open_page: OpenPage) -> None:
    page = open_page(f"{address}/chat/")
    expect(page.get_by_role("heading", name="Hello. How can we help?")).to_be_visible()
    desk.manager.words.clear()
    page.get_by_role("button", name="How long does a refund take?").click()
    expect(page.locator(".is-live .fd-doing")).to_contain_text("Writing the answer")
    expect(page.get_by_role("button", name="Stop")).to_be_visible()
    desk.manager.seconds_per_word = 0.03
    desk.manager.words.set()
    expect(page.locator(".is-live .fd-text")).to_contain_text("We send the refund")
    answered(page)
    source = page.locator("details.fd-source").first
    expect(source.locator("mark")).to_be_hidden()
    page.get_by_role("link", name="Source 1").first.click()
    expect(source.locator("mark")).to_be_visible()
    expect(source.locator("mark")).to_contain_text("within 5 working days")
    expect(page.locator("details.fd-source").nth(1).locator("summary")).to_contain_text("page 3")


def test_the_reader_keeps_what_is_open_while_the_next_answer_streams(address: str, open_page: OpenPage) -> None:
    page = open_page(f"{address}/chat/")
    ask(page, "How long does a refund take?")
    answered(page)
    page.locator("details.fd-source summary").first.click()
    ask(page, "hello")
    answered(page, 2)
    expect(page.locator("details.fd-source").first).to_have_attribute("open", "")


def test_the_focus_returns_to_the_message_and_send_sleeps_while_it_is_empty(address: str, open_page: OpenPage) -> None:
    page = open_page(f"{address}/chat/")
    send = page.get_by_role("button", name="Send")
    expect(send).to_be_disabled()
    page.get_by_label("Your message").fill("   ")
    expect(send).to_be_disabled()
    page.get_by_label("Your message").fill("hello")
    send.click()
    answered(page)
    expect(page.get_by_label("Your message")).to_be_focused()
    expect(page.get_by_label("Your message")).to_have_value("")


def test_thumbs_are_stored_and_can_be_taken_back(desk: Any, address: str, open_page: OpenPage) -> None:
    page = open_page(f"{address}/chat/")
    ask(page, "refund?")
    answered(page)
    message_id = page.locator(".fd-message--answer").get_attribute("data-message")
    page.get_by_role("button", name="Not helpful").click()
    expect(page.get_by_role("button", name="Not helpful")).to_have_attribute("aria-pressed", "true")
    assert desk.transcripts.message(message_id).feedback == "down"
    page.get_by_role("button", name="Not helpful").click()
    expect(page.get_by_role("button", name="Not helpful")).to_have_attribute("aria-pressed", "false")
    assert not desk.transcripts.message(message_id).feedback


def test_nobody_rates_an_answer_of_another_conversation(desk: Any, address: str, open_page: OpenPage) -> None:
    other, mine = open_page(f"{address}/chat/"), open_page(f"{address}/chat/")
    for page in (other, mine):
        ask(page, "refund?")
        answered(page)
    theirs = other.locator(".fd-message--answer").get_attribute("data-message")
    mine.get_by_role("button", name="Helpful", exact=True).evaluate(
        "(button, id) => { button.dataset.id = id }", theirs
    )
    mine.get_by_role("button", name="Helpful", exact=True).click()
    expect(mine.locator(".fd-banner--bad")).to_be_visible()
    assert not desk.transcripts.message(theirs).feedback


def test_a_reload_and_a_new_server_keep_the_history(tmp_path: Path, open_page: OpenPage) -> None:
    desk = a_scripted_frontdesk(tmp_path)
    with serving(desk) as address:
        page = open_page(f"{address}/chat/")
        ask(page, "How long does a refund take?")
        answered(page)
        page.reload()
        answered(page)
        remembered = page.evaluate("JSON.stringify(localStorage)")
        assert "refund" not in remembered
    with serving(desk, int(address.rsplit(":", 1)[1])):
        page.reload()
        answered(page)
        expect(page.locator(".fd-message--customer")).to_contain_text("How long does a refund take?")
        page.get_by_role("button", name="New conversation").click()
        expect(page.locator(".fd-greeting")).to_be_visible()
        page.reload()
        expect(page.locator(".fd-greeting")).to_be_visible()


def test_stop_ends_the_answer_and_says_so(desk: Any, address: str, open_page: OpenPage) -> None:
    page = open_page(f"{address}/chat/")
    desk.manager.seconds_per_word = 0.2
    ask(page, "refund?")
    expect(page.locator(".is-live .fd-text")).to_contain_text("We")
    page.get_by_role("button", name="Stop").click()
    expect(page.locator(".fd-note")).to_contain_text("You stopped this answer here.")
    expect(page.get_by_role("button", name="Ask again")).to_be_visible()
    expect(page.get_by_role("button", name="Send")).to_be_disabled()


def test_a_picture_that_arrives_too_late_is_mended(desk: Any, address: str, open_page: OpenPage) -> None:
    page = open_page(f"{address}/chat/")
    late: list[tuple[Route, APIResponse]] = []

    def hold_back_the_picture_of_stop(route: Route) -> None:
        if '"stop"' in (route.request.post_data or ""):
            late.append((route, route.fetch()))
        else:
            route.continue_()

    page.route("**/run/predict*", hold_back_the_picture_of_stop)
    desk.manager.seconds_per_word = 0.2
    ask(page, "refund?")
    expect(page.locator(".is-live .fd-text")).to_contain_text("We")
    page.get_by_role("button", name="Stop").click()
    expect(page.locator(".fd-note")).to_contain_text("You stopped this answer here.")
    (route, made_before_the_answer_ended) = late[0]
    assert "fd-note" not in made_before_the_answer_ended.text()
    route.fulfill(response=made_before_the_answer_ended)
    expect(page.get_by_role("button", name="Send")).to_be_visible()
    expect(page.locator(".fd-note")).to_contain_text("You stopped this answer here.")


def test_a_question_that_a_crash_left_without_answer_is_asked_again_once(
    desk: Any, address: str, open_page: OpenPage
) -> None:
    page = open_page(f"{address}/chat/")
    ask(page, "crash")
    expect(page.locator(".fd-note")).to_contain_text("This answer was interrupted.")
    page.reload()
    page.get_by_role("button", name="Ask again").click()
    expect(page.get_by_role("button", name="Ask again")).to_have_count(0)
    expect(page.locator(".fd-message--customer")).to_have_count(1)


def test_an_abstention_looks_different_and_leads_to_a_person_and_back(
    desk: Any, address: str, open_page: OpenPage
) -> None:
    page = open_page(f"{address}/chat/")
    ask(page, "Do you sell elephants?")
    abstained = page.locator(".fd-message--abstained")
    abstained.get_by_role("button", name="Talk to a person").click()
    expect(page.get_by_text("You are in the queue. A person will answer here.")).to_be_visible()
    ask(page, "Are you there?")
    expect(page.locator(".fd-message--customer")).to_have_count(2)
    expect(page.locator(".fd-note")).to_have_count(0)
    page.get_by_role("button", name="Continue with the assistant").click()
    expect(page.locator(".fd-banner")).to_have_count(0)
    expect(page.locator(".fd-composer").get_by_role("button", name="Talk to a person")).to_be_visible()


def test_hostile_text_stays_text(desk: Any, address: str, open_page: OpenPage) -> None:
    page = open_page(f"{address}/chat/")
    ask(page, HOSTILE)
    answered(page)
    expect(page.locator(".fd-message--customer .fd-text")).to_have_text(HOSTILE)
    assert page.locator(".fd-panel img, .fd-panel b, .fd-panel a[href^=javascript]").count() == 0
    assert page.evaluate("window.hacked") is None


def test_beyond_the_limit_a_customer_reads_busy_and_keeps_the_text(tmp_path: Path, open_page: OpenPage) -> None:
    desk: Any = a_scripted_frontdesk(tmp_path)
    web = desk.settings.web.model_copy(update={"max_simultaneous_turns": 1})
    desk = replace(desk, settings=desk.settings.model_copy(update={"web": web}))
    desk.manager.words.clear()
    with serving(desk) as address:
        first, second = open_page(f"{address}/chat/"), open_page(f"{address}/chat/")
        ask(first, "refund?")
        expect(first.locator(".is-live")).to_be_visible()
        ask(second, "And mine?")
        expect(second.locator(".fd-banner--bad")).to_contain_text("Many people are asking right now")
        expect(second.get_by_label("Your message")).to_have_value("And mine?")
        desk.manager.words.set()
        answered(first)


def test_the_page_fits_a_phone(address: str, open_page: OpenPage) -> None:
    page = open_page(f"{address}/chat/", phone=True)
    expect(page.locator(".fd-greeting")).to_be_visible()
    ask(page, "How long does a refund take?")
    answered(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    expect(page.locator(".fd-composer").get_by_role("button", name="Talk to a person")).to_be_in_viewport()
    expect(page.get_by_label("Your message")).to_be_in_viewport()


def test_the_page_is_dark_where_the_browser_is(address: str, open_page: OpenPage) -> None:
    page = open_page(f"{address}/chat/", dark=True)
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(17, 21, 19)"


def test_the_page_speaks_chinese_where_the_browser_does_and_can_be_switched(address: str, open_page: OpenPage) -> None:
    page = open_page(f"{address}/chat/", locale="zh-CN")
    expect(page.get_by_role("heading", name="您好，有什么可以帮您？")).to_be_visible()
    assert page.evaluate("document.documentElement.lang") == "zh-CN"
    page.get_by_role("button", name="学生有什么优惠？").click()
    answered(page)
    expect(page.get_by_text("出处", exact=True)).to_be_visible()
    page.get_by_role("button", name="EN").click()
    expect(page.get_by_text("Sources", exact=True)).to_be_visible()
    page.reload()
    expect(page.get_by_text("Sources", exact=True)).to_be_visible()


def test_nothing_of_gradio_is_seen_and_nothing_is_fetched_from_elsewhere(address: str, open_page: OpenPage) -> None:
    page = open_page(f"{address}/chat/")
    requested: list[str] = []
    page.on("request", lambda request: requested.append(request.url))
    page.reload()
    expect(page.locator(".fd-greeting")).to_be_visible()
    assert "gradio" not in page.locator("body").inner_text().lower()
    assert "via api" not in page.locator("body").inner_text().lower()
    assert page.title() == "Sillgrove"
    assert [url for url in requested if not url.startswith((address, "data:"))] == []


@pytest.mark.parametrize("page", ["chat", "console", "knowledge"])
def test_no_event_is_published_as_an_api(address: str, page: str) -> None:
    with urllib.request.urlopen(f"{address}/{page}/gradio_api/info") as answer:
        published = json.load(answer)
    assert published["named_endpoints"] == {}
    assert published["unnamed_endpoints"] == {}


def test_a_closed_conversation_can_only_be_begun_anew(desk: Any, address: str, open_page: OpenPage) -> None:
    page = open_page(f"{address}/chat/")
    ask(page, "hello")
    answered(page)
    conversation = desk.transcripts.conversations()[0].conversation
    desk.transcripts.change_handler(conversation.conversation_id, Handler.CLOSED)
    expect(page.get_by_text("This conversation is closed.")).to_be_visible()
    expect(page.get_by_label("Your message")).to_be_disabled()
    page.locator(".fd-banner").get_by_role("button", name="New conversation").click()
    expect(page.locator(".fd-greeting")).to_be_visible()
