"""A headless Chromium, driven through ChromeDriver by the WebDriver protocol (W3C).

    with Browser(log) as browser:
        browser.open(path)
        browser.keys("/", "abc")
        assert browser.run("return document.title") == "..."
"""

import base64
import json
import pathlib
import shutil
import tempfile
import urllib.request

import servers

FLAGS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync", "--window-size=1200,800"]
# Keys without a letter; WebDriver, 17.4.2.
KEYS = {"Enter": "\ue007", "Escape": "\ue00c", "Left": "\ue012", "Up": "\ue013", "Right": "\ue014", "Down": "\ue015",
        "Tab": "\ue004"}


class Browser:
    def __init__(self, log):
        self.log, self.port = log, servers.free_port()
        self.profile = tempfile.TemporaryDirectory()

    def __enter__(self):
        assert shutil.which("chromedriver"), "chromedriver is not installed: `./dev test` does that"
        self.server = servers.server(["chromedriver", f"--port={self.port}"], self.port, self.log)
        self.server.__enter__()
        options = {"args": [*FLAGS, f"--user-data-dir={self.profile.name}"]}
        made = self.call("POST", "", {"capabilities": {"alwaysMatch": {
            "browserName": "chrome", "goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}}}})
        self.session = "/" + made["sessionId"]
        return self

    def __exit__(self, *_):
        self.call("DELETE", self.session)
        self.server.__exit__(None, None, None)
        self.profile.cleanup()

    def call(self, method, path, body=None):
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/session{path}", method=method,
                                         data=None if body is None else json.dumps(body).encode(),
                                         headers={"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)["value"]

    def open(self, path):
        self.call("POST", self.session + "/url", {"url": pathlib.Path(path).resolve().as_uri()})

    def screen(self, width, height, scheme):
        """Of a size, `light` or `dark` (Chrome DevTools protocol); 0 by 0 is the window's own."""
        for command, parameters in [
                ("setDeviceMetricsOverride", {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}),
                ("setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]})]:
            self.call("POST", self.session + "/goog/cdp/execute", {"cmd": f"Emulation.{command}", "params": parameters})

    def run(self, script, *arguments):
        return self.call("POST", self.session + "/execute/sync", {"script": script, "args": list(arguments)})

    def keys(self, *keys):
        """Presses each; a word that is no key's name is typed."""
        letters = [letter for key in keys for letter in ([KEYS[key]] if key in KEYS else key)]
        presses = [{"type": kind, "value": letter} for letter in letters for kind in ("keyDown", "keyUp")]
        self.call("POST", self.session + "/actions", {"actions": [{"type": "key", "id": "keys", "actions": presses}]})

    def click(self, selector, text):
        """The first element of the selector that says `text`, where a person would click it."""
        point = self.run("""
            const found = [...document.querySelectorAll(arguments[0])].find(e => e.textContent.includes(arguments[1]));
            const { x, y, width, height } = found.getBoundingClientRect();
            return [Math.round(x + width / 2), Math.round(y + height / 2)];""", selector, text)
        moves = [{"type": "pointerMove", "x": point[0], "y": point[1]}, {"type": "pointerDown", "button": 0},
                 {"type": "pointerUp", "button": 0}]
        self.call("POST", self.session + "/actions", {"actions": [
            {"type": "pointer", "id": "mouse", "parameters": {"pointerType": "mouse"}, "actions": moves}]})

    def complaints(self):
        """What the page wrote to the console, or asked of the network."""
        return [entry["message"] for entry in self.call("POST", self.session + "/se/log", {"type": "browser"})]

    def screenshot(self, path):
        pathlib.Path(path).write_bytes(base64.b64decode(self.call("GET", self.session + "/screenshot")))
