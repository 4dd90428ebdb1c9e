"""The bubble on somebody else's site: another origin, a strict policy, phones, keyboards, lost connections."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Error, Page, Route, expect

from bot.answers import Citation
from tests.e2e.conftest import serving_app
from tests.e2e.shop import Shop, serving_shop
from tests.fakes.scripted_frontdesk import REPLIES, Reply, ScriptedManager, a_scripted_frontdesk

pytestmark = [pytest.mark.browser, pytest.mark.slow]

REFUND = "How long does a refund take?"
HOSTILE = (
    "<img src=x onerror=\"window.hacked='yes'\"><b>bold</b> [x](javascript:alert(1)) https://ok.example/a?b=1. [7]"
)
EVERYBODY = {"access-control-allow-origin": "*"}  # may read what a test answers in the desk's place
HOSTILE_REPLY = Reply(
    "hostile",
    "refund_status",
    f"{HOSTILE} [1]",
    citations=(
        Citation(
            1, "d", "<i>title</i>", "p", "<b>quote</b>", "", "javascript:alert(1)", None, f"{HOSTILE} <b>quote</b>"
        ),
    ),
)


@dataclass(frozen=True)
class Site:
    shop: Shop
    desk: Any  # its parts are fakes, and tests reach for what only these have


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    from ui.accounts import Accounts
    from ui.app import create_app

    desk: Any = a_scripted_frontdesk(tmp_path_factory.mktemp("home"))
    with serving_shop() as shop:
        web = desk.settings.web.model_copy(update={"allowed_origins": (shop.origin,)})
        manager = ScriptedManager(desk.transcripts, (HOSTILE_REPLY, *REPLIES))
        desk = replace(desk, settings=desk.settings.model_copy(update={"web": web}), manager=manager)
        with serving_app(create_app(desk, Accounts(desk.engine), build_pages=lambda _: {})) as address:
            shop.desk = address
            yield Site(shop, desk)


@pytest.fixture
def complaints() -> list[str]:
    """What the browser said on its console, refusals of the content security policy among it."""
    return []


OpenShop = Callable[..., Page]


@pytest.fixture
def open_shop(browser: Browser, site: Site, complaints: list[str]) -> Iterator[OpenShop]:
    contexts = []

    def opened(page: str = "index.html", *, dark: bool = False, phone: bool = False, open_chat: bool = True) -> Page:
        size = {"width": 390, "height": 844} if phone else {"width": 1280, "height": 800}
        context = browser.new_context(
            viewport=size, locale="en-GB", color_scheme="dark" if dark else "light", has_touch=phone
        )
        contexts.append(context)
        tab = context.new_page()
        tab.set_default_timeout(20_000)
        tab.on("console", lambda message: _noted(message, complaints))
        tab.on("pageerror", lambda error: complaints.append(str(error)))
        tab.goto(f"{site.shop.origin}/{page}")
        if open_chat:
            tab.locator(".fd-launcher").click()
        return tab

    yield opened
    for context in contexts:
        context.close()


def _noted(message: ConsoleMessage, complaints: list[str]) -> None:
    if message.type in ("error", "warning"):
        complaints.append(message.text)


def ask(page: Page, text: str) -> None:
    page.locator("#fd-field").fill(text)
    page.keyboard.press("Enter")


def answered(page: Page, count: int = 1) -> None:
    expect(page.locator(".fd-log .fd-message--answer, .fd-log .fd-message--abstained")).to_have_count(count)
    expect(page.locator(".is-live")).to_have_count(0)


def conversation_of(page: Page) -> str:
    found: str = page.evaluate(
        "JSON.parse(Object.entries(localStorage).find(([k]) => k.startsWith('frontdesk:'))[1]).id"
    )
    return found


def focused(page: Page) -> str:
    """The accessible name of what has the focus inside the bubble, by its label or its text."""
    name: str = page.evaluate(
        """() => {
            const held = document.querySelector("frontdesk-widget").shadowRoot.activeElement;
            return held?.getAttribute("aria-label") || held?.labels?.[0]?.textContent || held?.textContent || "";
        }"""
    )
    return name.strip()


def test_under_a_strict_policy_an_answer_streams_its_source_opens_and_a_thumb_is_stored_with_its_reason(
    site: Site, open_shop: OpenShop, complaints: list[str]
) -> None:
    page = open_shop()
    expect(page.get_by_role("heading", name="Hello. How can we help?")).to_be_visible()
    site.desk.manager.words.clear()
    page.get_by_role("button", name=REFUND).click()
    expect(page.locator(".is-live .fd-doing")).to_contain_text("Writing the answer")
    site.desk.manager.words.set()
    answered(page)
    mark = page.locator(".fd-source mark").first
    expect(mark).to_be_hidden()
    page.get_by_role("button", name="Source 1").first.click()
    expect(mark).to_contain_text("within 5 working days")
    expect(page.locator(".fd-source").nth(1).locator("summary")).to_contain_text("page 3")
    page.get_by_role("button", name="Not helpful").click()
    page.get_by_role("textbox", name="What was wrong with this answer?").fill("out of date")
    with page.expect_response(lambda response: "out of date" in (response.request.post_data or "")) as rated:
        page.keyboard.press("Enter")
    assert rated.value.ok
    expect(page.get_by_text("Thank you for telling us.")).to_be_visible()
    answer = site.desk.transcripts.messages(conversation_of(page))[-1]
    assert answer.feedback == "down"
    with page.expect_response(lambda response: '"up"' in (response.request.post_data or "")) as rated:
        page.get_by_role("button", name="Helpful", exact=True).click()
    assert rated.value.ok
    assert site.desk.transcripts.message(answer.message_id).feedback == "up"
    assert site.desk.transcripts.conversation(answer.conversation_id).channel == "widget"
    assert complaints == []


def test_on_a_phone_it_is_the_whole_screen_dark_and_chinese_and_the_keyboard_stays_inside(
    open_shop: OpenShop, complaints: list[str]
) -> None:
    page = open_shop("zh.html", dark=True, phone=True)
    window = page.get_by_role("dialog", name="Sillgrove")
    assert window.bounding_box() == {"x": 0, "y": 0, "width": 390, "height": 844}
    assert window.evaluate("each => getComputedStyle(each).backgroundColor") == "rgb(17, 21, 19)"
    expect(window).to_have_attribute("aria-modal", "true")
    page.get_by_role("button", name="学生有什么优惠？").click()
    answered(page)
    expect(page.get_by_role("button", name="转人工客服")).to_be_in_viewport()
    expect(page.locator("#fd-field")).to_be_in_viewport()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    for _ in range(14):
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.nodeName") == "FRONTDESK-WIDGET"
    page.keyboard.press("Escape")
    expect(window).to_be_hidden()
    assert focused(page) == "打开对话窗口"
    assert page.evaluate("document.documentElement.style.overflow") == ""
    assert complaints == []


def test_a_persons_reply_arrives_by_itself_and_is_counted_while_the_window_is_closed(
    site: Site, open_shop: OpenShop
) -> None:
    page = open_shop()
    ask(page, "Do you sell elephants?")
    answered(page)
    page.locator(".fd-message--abstained").get_by_role("button", name="Talk to a person").click()
    expect(page.get_by_text("You are in the queue. A person will answer here.")).to_be_visible()
    expect(page.get_by_role("button", name="Talk to a person")).to_have_count(0)
    site.desk.manager.operator_reply(conversation_of(page), "Hello, this is Olga. See https://shop.example/help")
    expect(page.locator(".fd-message--operator")).to_contain_text("this is Olga")
    expect(page.get_by_text("You are talking with our team.")).to_be_visible()
    expect(page.locator(".fd-message--operator a")).to_have_attribute("href", "https://shop.example/help")
    page.locator(".fd-launcher").click()
    site.desk.manager.operator_reply(conversation_of(page), "Are you still there?")
    expect(page.get_by_role("button", name="Open chat · 1 new")).to_be_visible()
    page.locator(".fd-launcher").click()
    expect(page.get_by_role("button", name="Close chat").last).to_be_visible()
    expect(page.locator(".fd-badge")).to_be_hidden()


def in_the_queue(open_shop: OpenShop) -> Page:
    page = open_shop()
    ask(page, "a human, please")
    expect(page.get_by_text("You are in the queue. A person will answer here.")).to_be_visible()
    return page


def test_who_waits_for_a_person_is_told_of_news_every_seven_tenths_of_a_second_however_long_it_takes(
    open_shop: OpenShop,
) -> None:
    page = in_the_queue(open_shop)
    waits = page.evaluate(
        """() => new Promise((done) => {
            const [wait, now, waits] = [setTimeout, Date.now, []];
            Date.now = () => now() + 3600000;  // an hour later
            window.setTimeout = (act, milliseconds) => {
                if (waits.push(milliseconds) === 6) done(waits);
                return wait(act, milliseconds);
            };
        })"""
    )
    assert set(waits) == {700, 25000}  # until the next look, and until a look is given up


def test_a_look_that_brings_nonsense_is_not_the_last(site: Site, open_shop: OpenShop, complaints: list[str]) -> None:
    page = in_the_queue(open_shop)
    with page.expect_console_message(lambda message: message.text.startswith("frontdesk: TypeError")):
        page.route("**/messages?*", lambda route: route.fulfill(headers=EVERYBODY, json={}), times=1)
    site.desk.manager.operator_reply(conversation_of(page), "Hello, this is Olga.")
    expect(page.locator(".fd-message--operator")).to_contain_text("this is Olga")


def test_a_conversation_that_the_desk_no_longer_knows_leaves_nobody_in_the_queue(open_shop: OpenShop) -> None:
    page = in_the_queue(open_shop)
    page.route("**/messages*", lambda route: route.fulfill(status=404, headers=EVERYBODY))
    expect(page.get_by_text("You are in the queue.")).to_be_hidden()
    expect(page.locator(".fd-message")).to_have_count(0)
    expect(page.get_by_role("button", name="Talk to a person")).to_be_visible()


def test_a_message_on_its_way_to_a_conversation_that_is_gone_opens_another(site: Site, open_shop: OpenShop) -> None:
    page = in_the_queue(open_shop)
    before = conversation_of(page)
    sent: list[Route] = []

    def gone(route: Route) -> None:
        if route.request.method == "POST":
            sent.append(route)  # and is told so only when a look has found it out
        else:
            route.fulfill(status=404, headers=EVERYBODY)

    page.route(f"**/{before}/messages*", gone)
    ask(page, "hello")
    expect(page.get_by_text("You are in the queue.")).to_be_hidden()
    for route in sent:
        route.fulfill(status=404, headers=EVERYBODY)
    answered(page)
    assert conversation_of(page) != before
    said = site.desk.transcripts.messages(conversation_of(page))
    assert [message.text for message in said if message.author == "customer"] == ["hello"]


class HeldOpenings:
    """Keeps the conversations that a page opens from being opened until they are let through."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._held: list[Route] = []
        self._are_held = True
        self.count = 0
        page.route("**/api/v1/conversations", self._hold)

    def _hold(self, route: Route) -> None:
        self.count += 1
        if self._are_held:
            self._held.append(route)
        else:
            route.continue_()

    def let_through(self) -> None:
        with self._page.expect_response("**/api/v1/conversations"):
            self._are_held = False
            for route in self._held:
                route.continue_()


def test_a_message_and_the_wish_for_a_person_at_once_open_one_conversation(site: Site, open_shop: OpenShop) -> None:
    page = open_shop()
    openings = HeldOpenings(page)
    with page.expect_request("**/api/v1/conversations"):
        ask(page, "hello")
    page.get_by_role("button", name="Talk to a person").click()
    openings.let_through()
    expect(page.get_by_text("You are in the queue. A person will answer here.")).to_be_visible()
    expect(page.get_by_text("Sending")).to_have_count(0)
    assert openings.count == 1
    said = site.desk.transcripts.messages(conversation_of(page))
    assert [message.text for message in said if message.author == "customer"] == ["hello"]


def test_what_was_being_opened_when_a_customer_began_anew_is_not_come_back_to(site: Site, open_shop: OpenShop) -> None:
    page = open_shop()
    posted: list[str] = []
    page.on("request", lambda request: posted.append(request.post_data or ""))
    openings = HeldOpenings(page)
    with page.expect_request("**/api/v1/conversations"):
        ask(page, REFUND)
    page.evaluate("frontdesk.reset()")
    openings.let_through()
    ask(page, "hello")
    answered(page)
    assert not [body for body in posted if REFUND in body]
    said = site.desk.transcripts.messages(conversation_of(page))
    assert [message.text for message in said if message.author == "customer"] == ["hello"]


def test_a_message_whose_receipt_was_lost_is_sent_again_once_and_a_reload_resumes(
    site: Site, open_shop: OpenShop
) -> None:
    page = open_shop()
    arrived: list[bool] = []

    def lose_the_receipt(route: Route) -> None:
        with suppress(Error):  # of a request that the page's reload has ended meanwhile
            if route.request.method == "POST":
                arrived.append(route.fetch().ok)  # and is stored
            route.abort()

    page.route("**/messages*", lose_the_receipt)
    ask(page, REFUND)
    expect(page.get_by_text("No connection. We keep trying.")).to_be_visible()
    expect(page.get_by_role("button", name="Send again")).to_be_visible()
    assert len(arrived) > 1
    assert all(arrived)
    page.reload()  # with the message still not confirmed, and the connection still gone
    expect(page.locator(".fd-message--customer .fd-text")).to_have_text(REFUND)
    page.unroute_all(behavior="ignoreErrors")
    answered(page)
    expect(page.locator(".fd-message--customer")).to_have_count(1)
    expect(page.locator(".fd-banner")).to_have_count(0)
    said = site.desk.transcripts.messages(conversation_of(page))
    assert [message.text for message in said if message.author == "customer"] == [REFUND]
    page.goto(page.url.replace("index.html", "zh.html"))
    answered(page)  # and the window is still open on the next page
    expect(page.get_by_text("出处", exact=True)).to_be_visible()


def test_a_site_that_is_not_named_shows_no_bubble_and_reads_nothing(
    browser: Browser, site: Site, complaints: list[str]
) -> None:
    with serving_shop() as stranger:
        stranger.desk = site.shop.desk
        page = browser.new_page()
        page.on("console", lambda message: _noted(message, complaints))
        with page.expect_console_message(lambda message: "FRONTDESK_WEB__ALLOWED_ORIGINS" in message.text):
            page.goto(f"{stranger.origin}/index.html")
        assert page.locator(".fd-launcher").count() == 0
        known = site.desk.transcripts.open_conversation(channel="widget").conversation_id
        read = """address => fetch(address, {credentials: "include"}).then(() => "read", () => "refused")"""
        assert page.evaluate(read, f"{site.shop.desk}/api/v1/conversations/{known}/messages") == "refused"
        page.close()


def test_hostile_texts_stay_texts(site: Site, open_shop: OpenShop) -> None:
    page = open_shop()
    ask(page, f"hostile {HOSTILE}")
    answered(page)
    expect(page.locator(".fd-message--customer .fd-text")).to_have_text(f"hostile {HOSTILE}")
    expect(page.locator(".fd-message--answer .fd-text")).to_contain_text("<b>bold</b> [x](javascript:alert(1))")
    page.locator(".fd-source summary").click()
    expect(page.locator(".fd-source mark")).to_have_text("<b>quote</b>")
    assert page.locator("frontdesk-widget :is(img, b, i:not(.fd-dots i), script, iframe)").count() == 0
    links = page.locator("frontdesk-widget a").evaluate_all("all => all.map((each) => each.getAttribute('href'))")
    assert links == ["https://ok.example/a?b=1"]
    assert page.evaluate("window.hacked") is None


def test_everything_has_a_role_and_a_name_and_the_keyboard_reaches_it_in_order(open_shop: OpenShop) -> None:
    page = open_shop()
    assert focused(page) == "Your message"
    ask(page, REFUND)
    answered(page)
    expect(page.get_by_role("log", name="Conversation")).to_have_attribute("aria-live", "polite")
    assert focused(page) == "Your message"
    page.keyboard.press("Shift+Tab")
    before = []
    while focused(page) != "Download this conversation":
        before.append(focused(page))
        page.keyboard.press("Shift+Tab")
    before.reverse()
    assert before[:5] == ["New conversation", "Close chat", "Conversation", "Source 1", "Source 1"]
    assert before[-2:] == ["Helpful", "Not helpful"]
    nameless = """() => {
        const root = document.querySelector("frontdesk-widget").shadowRoot;
        const all = root.querySelectorAll("button, input, textarea, a");
        const named = (each) => each.getAttribute("aria-label") || each.labels?.[0]?.textContent || each.textContent;
        return [...all].filter((each) => !named(each).trim()).map((each) => each.outerHTML);
    }"""
    assert page.evaluate(nameless) == []


@pytest.mark.skipif("AXE_CORE" not in os.environ, reason="AXE_CORE names no axe.min.js: install axe-core and name it")
def test_axe_finds_nothing_to_complain_of(open_shop: OpenShop) -> None:
    page = open_shop()
    ask(page, REFUND)
    answered(page)
    page.evaluate(Path(os.environ["AXE_CORE"]).read_text(encoding="utf-8"))
    found = page.evaluate("axe.run(document.querySelector('frontdesk-widget')).then((result) => result.violations)")
    assert [(each["id"], each["nodes"][0]["html"]) for each in found] == []


def test_a_page_opens_closes_and_turns_it_hears_of_messages_and_a_customer_keeps_a_copy(open_shop: OpenShop) -> None:
    page = open_shop(open_chat=False)
    page.wait_for_selector(".fd-launcher")
    page.evaluate(
        """() => {
            const heard = window.heard = [];
            for (const name of ["open", "message", "close"])
                addEventListener(`frontdesk:${name}`, ({detail}) => heard.push(`${name} ${detail.author || ""}`));
            addEventListener("keydown", () => heard.push("a key"));  // a shortcut of the page's
        }"""
    )
    page.evaluate("frontdesk.open()")
    ask(page, "hello")
    answered(page)
    with page.expect_download() as kept:
        page.get_by_role("button", name="Download this conversation").click()
    text = Path(kept.value.path()).read_text(encoding="utf-8-sig")
    assert "Conversation with Sillgrove" in text
    assert "Hello! What can I do for you?" in text
    page.evaluate("frontdesk.setLocale('zh-CN')")
    expect(page.get_by_role("button", name="转人工客服")).to_be_visible()
    page.evaluate("document.documentElement.lang = 'en'")  # what was chosen stays
    page.evaluate("frontdesk.reset()")
    expect(page.get_by_role("heading", name="您好，有什么可以帮您？")).to_be_visible()
    page.evaluate("frontdesk.close()")
    assert page.evaluate("window.heard") == ["open ", "message customer", "message bot", "close "]
