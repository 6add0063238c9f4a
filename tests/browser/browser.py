"""One Chromium and its window, by way of driver.js (Node.js with playwright-core)."""

import json
import shutil
import subprocess
from pathlib import Path

from harness import paths, process, wait

MODULES = paths.CACHE / "node" / "node_modules"
DRIVER = Path(__file__).parent / "driver.js"


class Browser:
    def __init__(self, run: Path):
        self.folder = run / "browser"
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        self.log = self.folder / "browser.log"
        self.complaints: list[str] = []
        if not (MODULES / "playwright-core").is_dir() or not Path("/usr/bin/chromium").exists():
            raise RuntimeError("Chromium or playwright-core is missing: scripts/setup.sh installs them")
        with self.log.open("w") as log:
            self._node = subprocess.Popen(
                ["node", str(DRIVER)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True, cwd=self.folder,
                env={**process.base_env(), "NODE_PATH": str(MODULES), "HOME": str(self.folder), "TMPDIR": str(self.folder)},
            )

    def stop(self) -> None:
        if self._node.stdin:
            self._node.stdin.close()
        try:
            self._node.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._node.kill()

    def open(self, **options: object) -> None:
        """A new window without cookies."""
        self._ask({"open": {"viewport": {"width": 1120, "height": 900}} | options})
        self.complaints = []

    def page(self, *call: object) -> object:
        """A method of playwright's Page: page("goto", url)."""
        return self._ask({"chain": [list(call)]})

    def at(self, selector: str, *call: object) -> object:
        """A method of playwright's Locator: at("#wpd-test", "click")."""
        return self._ask({"chain": [["locator", selector], list(call)]})

    def all(self, selector: str) -> list[str]:
        """The texts of all that match."""
        return self._ask({"chain": [["locator", selector], ["allInnerTexts"]]})

    def text(self, selector: str) -> str:
        return self._ask({"chain": [["locator", selector], ["first"], ["innerText"]]})

    def appears(self, selector: str, text: str = "") -> None:
        """Waits until it is there, with this text in it."""
        self._ask({"chain": [["locator", selector + (f":has-text({json.dumps(text)})" if text else "")], ["first"], ["waitFor"]]})

    def press(self, *keys: str) -> None:
        for key in keys:
            self._ask({"chain": [["keyboard"], ["press", key]]})

    def type(self, text: str) -> None:
        self._ask({"chain": [["keyboard"], ["type", text]]})

    def focused(self) -> str:
        """Id, or else name, or else text of what has the focus."""
        return self.page("evaluate", "(() => { const e = document.activeElement; return e.id || e.name || e.textContent.trim(); })()")

    def violations(self, selector: str) -> list[str]:
        """What axe finds in there."""
        return self._ask({"axe": selector})

    def shot(self, name: str, selector: str = "", hide: str = "") -> Path:
        """A picture of the whole page, or of one element; with another path in the place of one of this machine."""
        file = self.folder / f"{name}.png"
        if hide:
            self._replace(hide, "/var/www/html")
        options = {"path": str(file), "animations": "disabled"}
        if selector:
            # The admin bar would lie over the middle of what is longer than the window.
            self.at(selector, "screenshot", options | {"style": "#wpadminbar { display: none }"})
        else:
            self.page("evaluate", "window.scrollTo(0, 0)")
            self.page("screenshot", options | {"fullPage": True})
        if hide:
            self._replace("/var/www/html", hide)
        return file

    def _replace(self, old: str, new: str) -> None:
        change = f"one.textContent = one.textContent.replaceAll({json.dumps(old)}, {json.dumps(new)})"
        self.page("evaluate", f"document.querySelectorAll('code, pre').forEach((one) => {{ {change}; }})")

    def _ask(self, what: dict):
        try:
            self._node.stdin.write(json.dumps(what) + "\n")
            self._node.stdin.flush()
            line = self._node.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            raise RuntimeError(f"the browser has ended{wait.tails([self.log])}")
        answer = json.loads(line)
        self.complaints += answer["said"]
        if "error" in answer:
            raise AssertionError(f"browser: {json.dumps(what)[:300]}: {answer['error']}")
        return answer["value"]
