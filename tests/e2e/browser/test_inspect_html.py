"""The page of `inspect --html`, used in a real browser as a person would: by mouse and by keyboard."""

import json
import re
import subprocess

import pytest

from browser import Browser

TILES = "return [...document.querySelectorAll('#map > button')].map(e => e.getAttribute('aria-label'))"
PATH = "return [...document.querySelectorAll('nav button')].map(e => e.textContent)"
FOCUSED = "return document.activeElement.getAttribute('aria-label')"
ROWS = "return [...document.querySelectorAll('tbody tr')].map(e => [...e.cells].map(c => c.textContent))"


@pytest.fixture(scope="module")
def page(root, tmp_path_factory, clean_env):
    from conftest import WASMCTL
    directory = tmp_path_factory.mktemp("page")
    subprocess.run([WASMCTL, "inspect", root / "tests/data/toolchains/rust.wasm", "--html", directory / "page.html"],
                   check=True, env=clean_env)
    return directory / "page.html"


@pytest.fixture(scope="module")
def opened(page, tmp_path_factory):
    with Browser(tmp_path_factory.mktemp("browser") / "log") as browser:
        yield browser


@pytest.fixture
def browser(opened, page):
    opened.open(page)
    yield opened
    assert opened.complaints() == []


def data(page):
    return json.loads(re.search(r'<script id="data" type="application/json">(.*)</script>', page.read_text())[1])


def total(node):
    return sum(map(total, node["children"])) if "children" in node else node["bytes"]


def test_all_bytes_are_there_and_nothing_comes_from_elsewhere(root, page, browser):
    tree = data(page)["tree"]
    assert total(tree) == tree["bytes"] == (root / "tests/data/toolchains/rust.wasm").stat().st_size
    assert not re.search(r"(src|href)=|url\(|@import|fetch\(", page.read_text())
    assert browser.run("return document.title").endswith("rust.wasm: where the bytes are")
    assert browser.run("return performance.getEntriesByType('resource').length") == 0


def test_tiles_fill_the_map_and_do_not_overlap(browser):
    covered, whole, overlaps = browser.run("""
        const map = document.getElementById('map');
        const boxes = [...map.children].map(e => [e.offsetLeft, e.offsetTop, e.offsetWidth, e.offsetHeight]);
        let overlaps = 0;
        for (const [i, a] of boxes.entries())
          for (const b of boxes.slice(i + 1))
            if (a[0] + a[2] > b[0] + 2 && b[0] + b[2] > a[0] + 2 && a[1] + a[3] > b[1] + 2 && b[1] + b[3] > a[1] + 2) ++overlaps;
        return [boxes.reduce((sum, b) => sum + b[2] * b[3], 0), map.clientWidth * map.clientHeight, overlaps]""")
    assert overlaps == 0
    assert 0.95 < covered / whole < 1.05


def test_what_it_is_and_how_to_make_it_smaller(browser):
    facts = browser.run("return document.getElementById('facts').textContent")
    assert facts.startswith("131,349 bytes · SDK: proxy-wasm-rust-sdk · in a proxy about 10 MB of memory, about 0.1 s to load (")
    legend = browser.run("return [...document.querySelectorAll('#legend li')].map(e => e.textContent)")
    assert legend == ["code 58.0 %", "data 7.8 %", "names and debug information, which do not run 31.9 %", "all else 2.4 %"]
    savings = "return [...document.querySelectorAll('#savings li')].map(e => [e.textContent, e.querySelector('code').textContent])"
    assert browser.run(savings) == [
        ["names of functions, 41,794 bytes: strip = true in Cargo's profile drops them; keep a copy for wasmctl symbolize",
         "strip = true"],
        ["dlmalloc, 6,661 bytes: Rust's own allocator: #[global_allocator] names a smaller one", "#[global_allocator]"]]


# What is wider than the screen, or than the box around it, and the boxes' names that cannot be read.
LAYOUT = """
    const wide = [...document.body.querySelectorAll('*')].filter(e => e.getBoundingClientRect().right > innerWidth + 1);
    const light = color => {
        const [r, g, b] = color.match(/[0-9.]+/g).map(v => (v / 255 <= .03928 ? v / 255 / 12.92 : ((v / 255 + .055) / 1.055) ** 2.4));
        return .2126 * r + .7152 * g + .0722 * b;
    };
    const contrast = e => {
        const [a, b] = [getComputedStyle(e).color, getComputedStyle(e.closest('i, button')).backgroundColor].map(light);
        return (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
    };
    const named = [...document.querySelectorAll('#map b')];
    return [wide.map(e => e.outerHTML.slice(0, 80)), named.length, Math.min(...named.map(contrast)),
            document.querySelector('h1').getBoundingClientRect().height, getComputedStyle(document.body).backgroundColor]"""


@pytest.mark.parametrize("width, scheme", [(400, "dark"), (400, "light"), (1400, "dark"), (1400, "light")])
def test_it_fits_a_phone_and_can_be_read_in_the_dark(page, opened, width, scheme):
    opened.screen(width, 800, scheme)
    try:
        opened.open(page)
        wide, named, contrast, head, paper = opened.run(LAYOUT)
        assert wide == [] and named > 15
        assert contrast >= 4.5  # WCAG 2.2, 1.4.3
        assert head < 60
        assert paper == ("rgb(23, 24, 28)" if scheme == "dark" else "rgb(255, 255, 255)")
        assert opened.complaints() == []
    finally:
        opened.screen(0, 0, "")


def test_no_ring_before_a_key(browser):
    rings = "return [...document.querySelectorAll('*')].filter(e => getComputedStyle(e).outlineStyle !== 'none').length"
    assert browser.run(rings) == 0
    browser.keys("Right")
    assert browser.run(rings) == 1


def test_click_into_a_namespace_and_back(page, browser):
    code = next(c for c in data(page)["tree"]["children"] if c["name"] == "code")
    browser.click("#map > button", "code")
    assert browser.run(PATH)[1] == f"code ({code['bytes']:,})"
    browser.click("#map > button", "core")
    assert [re.sub(r" \(.*", "", part) for part in browser.run(PATH)] == ["module", "code", "core"]
    rows = browser.run(ROWS)
    core = next(c for c in code["children"] if c["name"] == "core")
    assert [int(bytes.replace(",", "")) for _, bytes, _ in rows] == sorted((c["bytes"] for c in core["children"]), reverse=True)
    browser.click("nav button", "module")
    assert len(browser.run(PATH)) == 1


def test_the_keyboard_alone(browser):
    first = browser.run(FOCUSED)
    assert first.startswith("code: ")  # the largest has the focus
    browser.keys("Right")
    assert browser.run(FOCUSED) != first
    browser.keys("Left")
    assert browser.run(FOCUSED) == first
    browser.keys("Enter")
    assert len(browser.run(PATH)) == 2
    browser.keys("Enter")
    inside = browser.run(PATH)
    assert len(inside) == 3
    browser.keys("Escape", "Escape")
    assert len(browser.run(PATH)) == 1
    assert browser.run(FOCUSED) == first  # where it was


def test_search(page, browser):
    browser.keys("/", "HTTP_CONTEXT")  # letters of any case
    found = browser.run(ROWS)
    assert found and all("http_context" in name.lower() for name, _, _ in found)
    assert browser.run("return document.querySelector('caption').textContent").startswith(f"{len(found)} found, ")
    hits = "return [...document.querySelectorAll('#map > button.hit')].map(e => e.node.name)"
    assert browser.run(hits) == ["code"]
    browser.click("td button", found[0][0])
    own_name = found[0][0].split("::")[-1]
    assert len(browser.run(PATH)) > 2 and any(own_name in tile for tile in browser.run(TILES))
    browser.keys("Escape")
    assert browser.run(hits) == []
    browser.keys("/", "no such function")
    assert browser.run(ROWS) == []
    assert browser.run("return document.querySelector('caption').textContent") == "0 found, 0 bytes"


def test_hostile_names_stay_text(wasmctl, opened, tmp_path):
    import modules
    name = '</script><script>document.title="hit"</script><img src=x onerror=alert(1)>'
    functions = modules.leb(1) + modules.leb(0) + modules.text(name)
    names = b"\1" + modules.leb(len(functions)) + functions
    path = tmp_path / "hostile.wasm"
    path.write_bytes(modules.module() + modules.section(0, modules.text("name") + names))
    done = wasmctl("inspect", path, "--html", tmp_path / "page.html")
    assert done.stderr == f"{tmp_path}/page.html: open it in a browser\n" and done.stdout == ""
    opened.open(tmp_path / "page.html")
    assert opened.run("return document.title") == f"{path}: where the bytes are"
    opened.keys("/", "onerror")
    assert opened.run(ROWS)[0][0].endswith("onerror=alert(1)>")
    assert opened.complaints() == []


def test_the_page_appears_whole_or_not_at_all(wasmctl, root, tmp_path):
    done = wasmctl("inspect", root / "tests/data/minimal.wasm", "--html", "/dev/full", status=8)
    assert done.stderr == "error: cannot write `/dev/full`: No space left on device\nhint: free some space, or write elsewhere\n"
