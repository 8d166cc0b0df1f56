"""A real Chromium without a window, led over its DevTools protocol: what it shows, what it asks for, what it complains of.

It must not know what is tested. Whoever uses it marks the test with ``pytest.mark.browser``: skipped where there is no Chromium.
"""

import base64
import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from websockets.sync.client import ClientConnection, connect

PROGRAM = next((path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None)
PATIENCE_S = 20.0


class Chromium:
    """``with Chromium(tmp_path) as browser:`` one page. ``requests`` are the addresses it asked for, ``complaints`` its errors."""

    def __init__(self, folder: Path) -> None:
        self.requests: list[str] = []
        self.received: dict[str, int] = {}
        self.complaints: list[str] = []
        self._folder = folder / "chromium"
        self._process: subprocess.Popen[bytes] | None = None
        self._socket: ClientConnection | None = None
        self._sent = 0
        self._names: dict[str, str] = {}

    def __enter__(self) -> Self:
        assert PROGRAM is not None, "no chromium on this machine: mark the test with pytest.mark.browser"
        options = ("--headless=new", "--no-first-run", "--disable-gpu", "--disable-background-networking", "--disable-extensions")
        shelter = ("--no-sandbox",) if os.geteuid() == 0 else ()
        command = (
            PROGRAM,
            *options,
            *shelter,
            "--disable-dev-shm-usage",
            "--remote-debugging-port=0",
            f"--user-data-dir={self._folder}",
        )
        quiet = subprocess.DEVNULL
        self._process = subprocess.Popen((*command, "about:blank"), stdin=quiet, stdout=quiet, stderr=quiet)
        self._socket = connect(self._door(), max_size=None, proxy=None)
        (page,) = (each for each in self._ask("Target.getTargets")["targetInfos"] if each["type"] == "page")
        self._session = self._ask("Target.attachToTarget", targetId=page["targetId"], flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.ask(f"{domain}.enable")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._socket is not None:
            self._socket.close()
        if self._process is not None:
            self._process.terminate()
            self._process.wait(PATIENCE_S)

    def ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        """A command of the protocol, to the page; gives its result."""
        return self._ask(method, self._session, **parameters)

    def size(self, width: int, height: int, *, scale: int = 1) -> None:
        """Be a screen of so many CSS pixels."""
        self.ask("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=scale, mobile=width < 600)

    def prefer(self, **features: str) -> None:
        """Prefer something: ``prefers_color_scheme="dark"``."""
        wanted = [{"name": name.replace("_", "-"), "value": value} for name, value in features.items()]
        self.ask("Emulation.setEmulatedMedia", features=wanted)

    def read(self, languages: str) -> None:
        """Read these languages, as an Accept-Language header has them."""
        agent = self.run("navigator.userAgent")
        self.ask("Network.setUserAgentOverride", userAgent=agent, acceptLanguage=languages)

    def go(self, address: str, ready: str) -> None:
        """Open a page, and wait until an expression in it is true."""
        self.ask("Page.navigate", url=address)
        self.wait(ready)

    def run(self, expression: str) -> Any:
        """The value of an expression in the page."""
        answer = self.ask("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def wait(self, expression: str) -> None:
        """Wait until an expression in the page is true."""
        for _ in range(round(PATIENCE_S / 0.05)):
            if self.run(f"Boolean(document.readyState === 'complete' && ({expression}))"):
                return
            time.sleep(0.05)
        raise TimeoutError(f"never true: {expression}; the page says: {self.run('document.body.innerText')}; {self.complaints}")

    def press(self, keys: Iterable[str]) -> None:
        """Press keys by their names: ``Tab``, ``Enter``."""
        codes = {"Tab": 9, "Enter": 13}
        for key in keys:
            text = {"text": "\r"} if key == "Enter" else {}
            for kind in ("keyDown", "keyUp"):
                self.ask("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=codes[key], **text)

    def picture(self, *, whole: bool = False) -> bytes:
        """What it shows, as a PNG."""
        return base64.b64decode(self.ask("Page.captureScreenshot", format="png", captureBeyondViewport=whole)["data"])

    def _door(self) -> str:
        """The address of the protocol: Chromium writes it down when it is ready."""
        note = self._folder / "DevToolsActivePort"
        for _ in range(round(PATIENCE_S / 0.05)):
            if note.exists() and len(lines := note.read_text().splitlines()) == 2:
                return f"ws://127.0.0.1:{lines[0]}{lines[1]}"
            time.sleep(0.05)
        raise TimeoutError("chromium did not start")

    def _ask(self, method: str, session: str | None = None, **parameters: Any) -> dict[str, Any]:
        assert self._socket is not None
        self._sent += 1
        message = {"id": self._sent, "method": method, "params": parameters, **({"sessionId": session} if session else {})}
        self._socket.send(json.dumps(message))
        while True:
            said = json.loads(self._socket.recv(PATIENCE_S))
            if said.get("id") == self._sent:
                assert "error" not in said, said
                result: dict[str, Any] = said["result"]
                return result
            self._hear(said.get("method", ""), said.get("params", {}))

    def _hear(self, method: str, said: dict[str, Any]) -> None:
        if method == "Network.requestWillBeSent":
            self.requests.append(said["request"]["url"])
            self._names[said["requestId"]] = said["request"]["url"]
        elif method == "Network.loadingFinished":
            self.received[self._names[said["requestId"]]] = round(said["encodedDataLength"])
        elif method == "Runtime.exceptionThrown":
            self.complaints.append(said["exceptionDetails"]["exception"].get("description", "exception"))
        elif method == "Runtime.consoleAPICalled" and said["type"] in ("error", "warning"):
            self.complaints.append(str(said["args"]))
        elif method == "Log.entryAdded" and said["entry"]["level"] in ("error", "warning"):
            self.complaints.append(f"{said['entry']['text']} {said['entry'].get('url', '')}")
