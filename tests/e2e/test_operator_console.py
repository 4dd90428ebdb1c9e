"""The operator console in a browser, beside the customer's page."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import OpenPage
from tests.e2e.test_chat import HOSTILE, answered, ask

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def row(console: Page, text: str) -> Any:
    return console.locator(".fd-row", has_text=text)


def test_an_operator_takes_over_and_both_sides_see_each_other_without_a_reload(
    address: str, open_page: OpenPage
) -> None:
    customer, console = open_page(f"{address}/chat/"), open_page(f"{address}/console/")
    ask(customer, "Do you sell blue elephants?")
    answered(customer)
    customer.locator(".fd-composer").get_by_role("button", name="Talk to a person").click()
    waiting = row(console, "blue elephants")
    expect(waiting.locator(".fd-badge--waiting")).to_be_visible()
    waiting.click()
    console.get_by_role("button", name="Take over").click()
    console.get_by_label("Reply to the customer").fill("No, only green ones.")
    console.keyboard.press("Enter")
    expect(customer.locator(".fd-message--operator")).to_contain_text("No, only green ones.")
    expect(customer.get_by_text("You are talking with our team.")).to_be_visible()
    ask(customer, "Thank you!")
    expect(console.locator(".fd-detail .fd-message--customer").last).to_contain_text("Thank you!")
    expect(customer.locator(".fd-message--answer")).to_have_count(0)
    console.get_by_role("button", name="Hand back to the assistant").click()
    expect(customer.locator(".fd-banner")).to_have_count(0)
    ask(customer, "hello")
    answered(customer, 2)
    console.get_by_role("button", name="Close", exact=True).click()
    expect(customer.get_by_text("This conversation is closed.")).to_be_visible()


def test_a_trace_reads_in_plain_words(address: str, open_page: OpenPage) -> None:
    customer, console = open_page(f"{address}/chat/"), open_page(f"{address}/console/")
    ask(customer, "Where is my green refund?")
    answered(customer)
    customer.get_by_role("button", name="Not helpful").click()
    unhappy = row(console, "green refund")
    expect(unhappy.get_by_title("A customer was not happy with an answer")).to_be_visible()
    unhappy.click()
    console.get_by_text("Why this answer").click()
    trace = console.locator(".fd-trace")
    for words in ("Understood as “refund status” (94", "Found 2 passages", "1 sentence of the generator was not shown"):
        expect(trace).to_contain_text(words)
    expect(console.get_by_text("Customer: not helpful")).to_be_visible()
    assert "{" not in console.locator("body").inner_text()


def test_conversations_are_searched_and_filtered(address: str, open_page: OpenPage) -> None:
    customer, console = open_page(f"{address}/chat/"), open_page(f"{address}/console/")
    ask(customer, "A zebra question about a refund")
    answered(customer)
    console.get_by_label("Search what was said").fill("zebra")
    expect(console.locator(".fd-row")).to_have_count(1)
    console.get_by_role("button", name="Closed").click()
    expect(console.get_by_text("No conversation matches")).to_be_visible()
    console.get_by_role("button", name="All").click()
    expect(console.locator(".fd-row")).to_have_count(1)
    console.reload()
    expect(console.get_by_label("Search what was said")).to_have_value("zebra")
    expect(console.locator(".fd-row")).to_have_count(1)


def test_what_an_operator_types_survives_the_refresh(address: str, open_page: OpenPage) -> None:
    customer, console = open_page(f"{address}/chat/"), open_page(f"{address}/console/")
    ask(customer, "A giraffe asks for a human")
    expect(customer.locator(".fd-message--handed-over")).to_be_visible()
    row(console, "giraffe").click()
    console.get_by_role("button", name="Take over").click()
    reply = console.get_by_label("Reply to the customer")
    reply.fill("Half a sent")
    ask(customer, "Hello?")
    expect(console.locator(".fd-detail .fd-message--customer")).to_have_count(2)
    expect(reply).to_have_value("Half a sent")


def test_hostile_text_stays_text_in_the_console(address: str, open_page: OpenPage) -> None:
    customer, console = open_page(f"{address}/chat/"), open_page(f"{address}/console/", locale="zh-CN")
    ask(customer, HOSTILE)
    answered(customer)
    row(console, "onerror").first.click()
    expect(console.locator(".fd-detail .fd-message--customer .fd-text")).to_have_text(HOSTILE)
    assert console.locator(".fd-panel img").count() == 0
    assert console.evaluate("window.hacked") is None
    expect(console.get_by_role("button", name="接管会话")).to_be_visible()


def test_on_a_phone_the_list_and_the_conversation_take_turns(address: str, open_page: OpenPage) -> None:
    customer, console = open_page(f"{address}/chat/"), open_page(f"{address}/console/", phone=True)
    ask(customer, "A small refund question")
    answered(customer)
    row(console, "small refund").click()
    expect(console.locator(".fd-list")).to_be_hidden()
    assert console.evaluate("document.documentElement.scrollWidth <= innerWidth")
    console.get_by_role("button", name="All conversations").click()
    expect(console.locator(".fd-list")).to_be_visible()


def test_a_correction_answers_the_next_customer_who_asks(address: str, open_page: OpenPage) -> None:
    customer, console = open_page(f"{address}/chat/"), open_page(f"{address}/console/")
    ask(customer, "Do you sell square kettles with lids?")
    answered(customer)
    row(console, "square kettles").click()
    console.get_by_role("button", name="Correct this answer").click()
    form = console.locator(".fd-correction")
    expect(form.get_by_label("When a customer asks")).to_have_value("Do you sell square kettles with lids?")
    form.get_by_label("the assistant says, word for word").fill("")
    form.get_by_role("button", name="Save and use it").click()
    expect(console.get_by_text("Write the answer that the customer is to read.")).to_be_visible()
    form.get_by_label("the assistant says, word for word").fill("Yes, in red and in blue.")
    ask(customer, "And a second question")  # the console's next look brings it
    expect(console.locator(".fd-detail").get_by_text("And a second question")).to_be_visible()
    expect(form.get_by_label("the assistant says, word for word")).to_have_value("Yes, in red and in blue.")
    form.get_by_role("button", name="Save and use it").click()
    expect(console.get_by_text("whoever asks this from now on reads your answer")).to_be_visible()
    expect(form).to_have_count(0)
    another = open_page(f"{address}/chat/")
    ask(another, "do you sell square kettles with lids")
    expect(another.locator(".fd-message--answer")).to_contain_text("Yes, in red and in blue.")
    console.get_by_role("button", name="Correct this answer").first.click()
    expect(form.get_by_text("This question is answered by an entry of")).to_be_visible()
    expect(form.get_by_label("the assistant says, word for word")).to_have_value("Yes, in red and in blue.")
    form.get_by_role("button", name="Cancel").click()
    expect(form).to_have_count(0)
