"""The service's page in a real browser, before a service that runs."""

import json
import shutil
from collections.abc import Callable, Iterator

import pytest
import requests
from browser import PROGRAM, Opened, chromium, open_page
from playwright.sync_api import BrowserContext, expect
from running_service import IMAGE, ROOT, service
from served_page import (
    STUB,
    WAITING,
    answer_on,
    answer_with,
    choose,
    drop,
    faults_of_access,
    is_too_wide,
    own_faults,
    paste,
    settled,
    tab_to,
)
from small_models import LABELS

from symptomeme.domain.layout import StatePaths
from symptomeme.domain.pointer import Live, PackagedModel, write_live
from symptomeme.serving.page import POLICY

WIDTHS = """bars => bars.map(bar => {
    bar.getAnimations().forEach(one => one.finish());
    return bar.offsetWidth / bar.parentElement.offsetWidth;
})"""
UNDER = """held => held.getBoundingClientRect().bottom
    <= document.querySelector(".samples").getBoundingClientRect().top"""
SHADES = "parts => parts.map(part => Number(part.style.getPropertyValue('--weight')))"

Package = Callable[..., PackagedModel]
pytestmark = pytest.mark.skipif(
    PROGRAM is None, reason="no Chromium in PATH; scripts/setup.sh --browser installs one where it may"
)


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory, package: Package) -> Iterator[str]:
    """Of a service with tiny models of both tasks."""
    place = tmp_path_factory.mktemp("page")
    with pytest.MonkeyPatch.context() as there:
        there.chdir(place)
        shutil.copy(ROOT / "bentofile.yaml", place)
        write_live(StatePaths().live, Live(bento="b:1", models={task: package(1, task) for task in LABELS}))
        with service() as url:
            yield url


@pytest.fixture(scope="module")
def browser() -> Iterator[BrowserContext]:
    with chromium() as context:
        yield context


@pytest.fixture
def opened(browser: BrowserContext, address: str) -> Iterator[Opened]:
    opened = open_page(browser, address)
    yield opened
    opened.page.close()


def test_the_page_takes_no_path_of_the_api(address: str) -> None:
    page = requests.get(address, timeout=9)
    assert page.headers["content-security-policy"] == POLICY
    assert "What does this meme express?" in page.text
    assert "googletagmanager" not in page.text
    answered = requests.post(f"{address}/classify", files={"image": IMAGE}, data={"text": ""}, timeout=60)
    assert list(answered.json()["tasks"]) == list(LABELS)
    assert [requests.get(f"{address}/{path}", timeout=9).status_code for path in ("readyz", "no")] == [200, 404]


@pytest.mark.parametrize("way", ["choose", "drop", "paste", "sample"])
def test_a_meme_comes_in_and_its_answer_is_shown(opened: Opened, way: str) -> None:
    page = opened.page
    if way == "choose":
        choose(page, IMAGE)
    elif way == "drop":
        drop(page, IMAGE, "meme.png", "image/png")
    elif way == "paste":
        paste(page, IMAGE)
    else:
        page.get_by_role("button", name="new email sound").click()
    settled(page)
    answer = answer_on(page)
    assert page.locator("#picture").evaluate("picture => picture.decode().then(() => picture.naturalWidth)") > 100
    assert page.locator("#text").input_value() == answer["text"]["value"]
    expect(page.locator("#notice")).to_have_text(answer["notice"])
    for task, told in answer["tasks"].items():
        card = page.locator(f"[data-task={task}]")
        expect(card.locator(".model")).to_have_text(f"served-{task} version 1 · fusion")
        expect(card.locator(".bars li")).to_have_count(len(told["probabilities"]))
        expect(card.locator(".claimed")).to_have_count(len(told["labels"]))
        widths = card.locator(".fill").evaluate_all(WIDTHS)
        assert widths == pytest.approx(list(told["probabilities"].values()), abs=0.02)
    assert page.locator("#status").inner_text().startswith("Done. Anxiety: ")
    assert opened.faults == []


def test_edited_words_are_judged_and_the_keyboard_is_enough(opened: Opened) -> None:
    page = opened.page

    with page.expect_file_chooser() as chooser:
        tab_to(page, "#choose")
        page.keyboard.press("Enter")
    chooser.value.set_files({"name": "meme.png", "mimeType": "image/png", "buffer": IMAGE})
    settled(page)
    tab_to(page, "#text")
    page.keyboard.press("Control+A")
    page.keyboard.type("i cannot sleep")
    tab_to(page, "#again")
    assert page.locator("#again").evaluate("button => getComputedStyle(button).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    expect(page.locator("#trust")).to_have_text("These are the words you gave.")
    settled(page)
    assert answer_on(page)["text"]["value"] == "i cannot sleep"
    expect(page.locator("#again")).to_be_focused()
    tab_to(page, "#reread")
    page.keyboard.press("Enter")
    expect(page.locator("#trust")).not_to_have_text("These are the words you gave.")
    expect(page.locator("#again")).to_be_focused()  # the other button is gone
    assert opened.faults == []


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (1280, "dark"), (360, "light")])
def test_it_is_in_order_in_every_state(opened: Opened, width: int, scheme: str) -> None:
    page = opened.page
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    found = {"empty": faults_of_access(page)}
    choose(page, b"no picture", "notes.txt", "text/plain")
    settled(page, "failed")
    expect(page.get_by_role("alert")).to_contain_text("whole picture")
    found["failed"] = faults_of_access(page)
    answer_with(page, 200, STUB)
    choose(page, IMAGE)
    settled(page)
    for summary in page.locator("summary:visible").all():
        if summary.inner_text() != "The models that answer here":
            summary.click()
    found["done"] = faults_of_access(page)
    assert found == {"empty": [], "failed": [], "done": []}
    assert not is_too_wide(page)
    assert page.evaluate("getComputedStyle(document.body).backgroundColor.match(/\\d+/)[0] > 128") == (
        scheme == "light"
    )
    beside = page.locator("#outcome").evaluate("one => one.getBoundingClientRect().left > innerWidth / 3")
    assert beside == (width > 1000)
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    assert page.locator(".held").evaluate(UNDER)  # the meme stays in sight, but over nothing else
    page.set_viewport_size({"width": 320, "height": 600})
    assert not is_too_wide(page)
    assert own_faults(opened, 400) == []


def test_abstention_support_and_foreign_text_are_shown_as_text(opened: Opened) -> None:
    page = opened.page
    answer_with(page, 200, STUB)
    choose(page, IMAGE)
    settled(page)
    anxiety, depression = page.locator("[data-task=anxiety]"), page.locator("[data-task=depression]")
    expect(anxiety.locator(".claim")).to_have_text("No symptom claimed")
    expect(anxiety).to_contain_text("The model abstains")
    expect(anxiety.locator("li").first).to_contain_text("29.8% needs 30.0%")
    expect(anxiety.locator("li").last).to_contain_text("<img src=x>")
    expect(depression.locator(".claim")).to_have_text("Feeling Down and Self-Harm")
    support = page.get_by_role("region", name="Where to find support")
    expect(support).to_contain_text("Some places help.")
    links = [link.get_attribute("href") for link in support.get_by_role("link").all()]
    assert links == ["https://example.org/help", "tel:116123"]
    expect(page.locator("#trust")).to_contain_text("61% confidence")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_text("About this answer").click()
    expect(page.locator("#facts")).to_contain_text("abc123")
    page.get_by_role("button", name="Copy the answer as JSON").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert json.loads(page.evaluate("navigator.clipboard.readText()")) == STUB
    expect(page.locator(".explanation:visible")).to_have_count(0)
    assert opened.faults == []


def test_what_moved_a_label_is_shown_when_asked_for(opened: Opened) -> None:
    page = opened.page
    choose(page, IMAGE)
    settled(page)
    card = page.locator("[data-task=anxiety]")
    button = card.get_by_role("button", name="Why? (anxiety)")
    busy = {"code": "busy", "message": "4 explanations wait already.", "remedy": "Ask later.", "request_id": "a1"}
    page.route(
        "**/explain", lambda route: route.fulfill(status=503, json={"error": busy}, headers={"Retry-After": "7"})
    )
    button.click()
    expect(card.get_by_role("status")).to_have_text("4 explanations wait already. Try again in 7 s.")
    expect(button).to_have_attribute("aria-expanded", "false")
    page.unroute("**/explain")
    with page.expect_response("**/explain", timeout=WAITING) as response:
        button.click()
    explained = response.value.json()["tasks"]["anxiety"]["explained"]
    sections = card.locator(".explanation section")
    expect(sections).to_have_count(len(explained))
    for section, told in zip(sections.all(), explained, strict=True):
        expect(section.get_by_role("heading")).to_contain_text(f"“{told['label']}”")
        expect(section.locator(".shaded span")).to_have_text([word["text"] for word in told["words"]])
        expect(section.locator("rect")).to_have_count(len(told["patches"]))
        strengths = [abs(patch["strength"]) for patch in told["patches"]]
        most = max(*strengths, *(abs(word["score"] or 0) for word in told["words"]))
        assert section.locator("rect").evaluate_all(SHADES) == pytest.approx(
            [one / most for one in strengths], abs=1e-3
        )
        section.locator("summary").click()
        scored = [part for part in (*told["words"], *told["patches"]) if part["score"] is not None]
        expect(section.locator("tbody tr")).to_have_count(len(scored))
    assert faults_of_access(page) == []
    page.set_viewport_size({"width": 320, "height": 600})
    assert not is_too_wide(page)
    button.click()
    expect(sections.first).to_be_hidden()
    expect(button).to_have_attribute("aria-expanded", "false")
    assert own_faults(opened, 503) == []


def test_refusals_say_what_to_do(opened: Opened) -> None:
    page = opened.page
    alert = page.get_by_role("alert")
    told = {"code": "unauthorized", "message": "the key is missing or wrong.", "remedy": "Header.", "request_id": "a1"}
    answer_with(page, 401, {"error": told})
    choose(page, IMAGE)
    expect(alert).to_contain_text("The key is missing or wrong.")
    expect(alert).to_contain_text("Request id: a1")
    expect(page.locator("#key")).to_be_focused()
    keys = answer_with(
        page, 503, {"error": {**told, "code": "busy", "message": "too much to do."}}, **{"Retry-After": "7"}
    )
    page.keyboard.type("secret")
    page.keyboard.press("Enter")
    expect(alert).to_contain_text("Try again in 7 seconds.")
    assert keys == ["Bearer secret"]
    assert page.evaluate("[localStorage.length, sessionStorage.length, document.cookie]") == [0, 0, ""]
    page.unroute("**/classify")
    page.route("**/classify", lambda route: route.abort())
    page.get_by_role("button", name="Try again").click()
    expect(alert).to_contain_text("The service cannot be reached")
    page.unroute("**/classify")
    page.get_by_role("button", name="Try again").click()
    settled(page)
    expect(alert).to_be_hidden()


def test_a_program_is_shown_the_key_by_its_variable_alone(opened: Opened, address: str) -> None:
    page = opened.page
    example = page.locator("#example")
    page.get_by_text("From a program").click()
    expect(example).to_have_text(f"curl -F image=@meme.jpg {address}/classify")
    page.get_by_text("Access key").click()
    page.locator("#key").fill("secret")
    page.get_by_role("button", name="Use it").click()
    keyed = f'curl -H "Authorization: Bearer $SYMPTOMEME_API_KEY" -F image=@meme.jpg {address}/classify'
    expect(example).to_have_text(keyed)
    page.get_by_text("Access key").click()
    page.locator("#key").fill("")
    page.get_by_role("button", name="Use it").click()
    expect(example).to_have_text(f"curl -F image=@meme.jpg {address}/classify")
    told = {"code": "unauthorized", "message": "the key is missing or wrong.", "remedy": "Header.", "request_id": "a1"}
    answer_with(page, 401, {"error": told})
    choose(page, IMAGE)
    expect(example).to_have_text(keyed)  # the service asks for one
    assert own_faults(opened, 401) == []


def test_no_link_leads_to_what_asks_for_a_key(opened: Opened) -> None:
    page = opened.page
    links = [link.get_attribute("href") for link in page.locator("a[href]").all()]
    assert [link for link in links if not link.startswith("#")] == ["openapi.json"]
    page.get_by_text("The models that answer here").click()
    expect(page.locator("#models-list article")).to_have_count(len(LABELS))
    assert opened.faults == []
