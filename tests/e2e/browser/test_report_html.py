"""The pages of `test --profile` and `--coverage-html`, used in a real browser as a person would."""

import json
import re

import pytest

from browser import Browser

BARS = "return [...document.querySelectorAll('#flame button')].map(e => e.node.name)"
PATH = "return [...document.querySelectorAll('nav button')].map(e => e.textContent)"
FOCUSED = "return document.activeElement.getAttribute('aria-label')"
ROWS = "return [...document.querySelectorAll('#found tbody tr')].map(e => [...e.cells].map(c => c.textContent))"
HERE = "return document.querySelector('.here b')?.textContent"
HOSTILE = "</script><img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def opened(tmp_path_factory):
    with Browser(tmp_path_factory.mktemp("browser") / "log") as browser:
        yield browser


@pytest.fixture
def profile(opened, covered):
    opened.open(covered / "profile.html")
    yield opened
    assert opened.complaints() == []


@pytest.fixture
def coverage(opened, covered):
    opened.open(covered / "coverage.html")
    yield opened
    assert opened.complaints() == []


def data(page):
    return json.loads(re.search(r'<script id="data" type="application/json">(.*)</script>', page.read_text())[1])


def total(node):
    return node[1] + sum(map(total, node[2] if len(node) > 2 else []))


def test_a_profile_has_every_instruction_of_every_callback(covered, wasmctl):
    done = wasmctl("test", covered, "--json")
    costs = {}
    for test in json.loads(done.stdout)["suites"][0]["tests"]:
        for callback in test["callbacks"]:
            costs[callback["name"]] = costs.get(callback["name"], 0) + callback["instructions"]
    found = data(covered / "profile.html")
    calls = {found["functions"][node[0]][0]: total(node) for node in found["tree"][2]}
    assert calls == {name: cost for name, cost in costs.items() if cost > 0}


def test_the_same_run_gives_the_same_pages(covered, wasmctl, tmp_path):
    wasmctl("-q", "test", ".", "--profile", tmp_path / "profile.html", "--coverage-html", tmp_path / "coverage.html", cwd=covered)
    for page in ["profile.html", "coverage.html"]:
        assert (tmp_path / page).read_bytes() == (covered / page).read_bytes()
        assert not re.search(r"(src|href)=\"|url\(|@import|fetch\(", re.sub(r"<script id=.*", "", (covered / page).read_text()))


def test_functions_are_found_where_they_were_inlined(covered):
    """What is called stands below its caller, with the place of its definition, and whose it is."""
    found = data(covered / "profile.html")
    place = {name.split("(unsigned")[0]: (at, kind) for name, at, kind in found["functions"]}
    paths = []

    def walk(node, path):
        path = [*path, found["functions"][node[0]][0].removesuffix(" (.llvm.merged)")]
        paths.append(path)
        for call in node[2] if len(node) > 2 else []:
            walk(call, path)

    walk(found["tree"], [])
    stream = "(anonymous namespace)::Stream::onRequestHeaders(unsigned int, bool)"
    inside = [path[path.index(stream) + 1:] for path in paths if stream in path]
    assert [HOSTILE] in inside and ["(anonymous namespace)::tell(bool)"] in inside
    line = 1 + (covered / "covered.cc").read_text().split("FilterHeadersStatus onRequestHeaders")[0].count("\n")
    assert place["(anonymous namespace)::Stream::onRequestHeaders"] == (f"covered.cc:{line}", "own")


def test_click_and_keys_go_in_and_out(profile):
    assert profile.run("return document.title") == "covered.wasm: where instructions are spent"
    first = profile.run(FOCUSED)
    assert first.startswith("all callbacks: ")
    profile.keys("Down")
    largest = profile.run(FOCUSED)
    assert largest.split(":")[0] == profile.run(BARS)[1]
    profile.keys("Right")
    assert profile.run(FOCUSED) not in (first, largest)
    profile.keys("Left", "Enter")
    assert profile.run(PATH) == ["all callbacks", largest.split(":")[0]]
    profile.keys("Escape")
    assert profile.run(PATH) == ["all callbacks"] and profile.run(FOCUSED) == largest
    profile.click("#flame button", "proxy_on_request_headers")
    assert profile.run(PATH) == ["all callbacks", "proxy_on_request_headers"]
    profile.click("nav button", "all callbacks")
    assert len(profile.run(PATH)) == 1


def test_search_finds_functions_of_any_name(profile):
    profile.keys("/", "ONERROR")
    rows = "return [...document.querySelectorAll('tbody tr')].map(e => e.cells[0].title)"
    assert profile.run(rows) == [HOSTILE]
    assert profile.run("return [...document.querySelectorAll('#flame .hit')].map(e => e.node.name)") == [HOSTILE]
    assert profile.run("return document.querySelector('caption').textContent").startswith("1 found, ")
    profile.keys("Escape")
    assert profile.run("return document.querySelectorAll('#flame .hit').length") == 0


def test_gaps_are_gone_through_by_keys(coverage, covered):
    lines = dict(data(covered / "coverage.html")["files"][0]["lines"])
    gaps = [line for i, line in enumerate(lines) if not lines[line] and (i == 0 or list(lines.values())[i - 1])]
    coverage.keys("Down")
    assert coverage.run(HERE) == str(gaps[0])
    coverage.keys("Down", "Down", "Up")
    assert coverage.run(HERE) == str(gaps[1])
    colours = coverage.run("return [...document.querySelectorAll('.line')].map(e => e.className.split(' ')[1])")
    for number, colour in enumerate(colours, 1):
        assert colour == {True: "ran", False: "missed", None: None}[lines.get(number)], number


def test_search_finds_lines_and_functions(coverage):
    assert coverage.run("return document.querySelector('#found caption').textContent") == "Functions, 5 of 8 called"
    coverage.keys("/", "<script>")
    found = coverage.run(ROWS)
    assert [where.split(":")[0] for where, _ in found] == ["covered.cc"]
    assert coverage.run("return document.querySelectorAll('mark').length") == 1
    coverage.click("#found button", "<script>")
    assert coverage.run(HERE) == found[0][0].split(":")[1]
    assert coverage.run("return document.title") == "covered.wasm: what the tests ran"


# What is wider than the screen; the least contrast of a text that is there to be read.
LAYOUT = """
    const wide = [...document.body.querySelectorAll(':scope > *, header *, aside *, #flame button')]
        .filter(e => e.getBoundingClientRect().right > innerWidth + 1);
    const light = color => {
        const [r, g, b] = color.match(/[0-9.]+/g).map(v => (v / 255 <= .03928 ? v / 255 / 12.92 : ((v / 255 + .055) / 1.055) ** 2.4));
        return .2126 * r + .7152 * g + .0722 * b;
    };
    const named = [...document.querySelectorAll(arguments[0])].filter(e => e.textContent.trim());
    const contrast = e => {
        const [a, b] = [getComputedStyle(e).color, getComputedStyle(e).backgroundColor].map(light);
        return (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
    };
    return [wide.map(e => e.outerHTML.slice(0, 80)), named.length, Math.min(...named.map(contrast)),
            getComputedStyle(document.body).backgroundColor]"""


@pytest.mark.parametrize("page, named", [("profile.html", "#flame button:not(.outer)"), ("coverage.html", ".ran code, .missed code")])
@pytest.mark.parametrize("width", [400, 1400])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_fit_and_can_be_read(opened, covered, page, named, width, scheme):
    opened.screen(width, 800, scheme)
    try:
        opened.open(covered / page)
        wide, names, contrast, paper = opened.run(LAYOUT, named)
        assert wide == [] and names > 10
        assert contrast >= 4.5  # WCAG 2.2, 1.4.3
        assert paper == ("rgb(23, 24, 28)" if scheme == "dark" else "rgb(255, 255, 255)")
        assert opened.complaints() == []
    finally:
        opened.screen(0, 0, "")
