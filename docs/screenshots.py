"""Takes the pictures of docs/page.md: the real page, of the evening that the tests play, in a real Chromium.

``python -m docs.screenshots`` writes them. They differ a little from one Chromium and one set of fonts to the next, so no test compares
them. This file must not know what the page shows.
"""

import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.adapters.served import Served
from tests.chromium import Chromium
from tests.page.evening import HOUR_MS

FOLDER = Path(__file__).parent / "pictures"
WIDTH, HEIGHT = 390, 844
PICTURES = {"page-light.png": ("light", "en"), "page-dark.png": ("dark", "nb")}
SLIDING_S = 0.8
"""How long bars slide."""


def main() -> None:
    """Write every picture."""
    with Served() as served, TemporaryDirectory() as folder, Chromium(Path(folder)) as browser:
        served.evening.play(HOUR_MS)
        browser.size(WIDTH, HEIGHT)
        for name, (scheme, language) in PICTURES.items():
            browser.prefer(prefers_color_scheme=scheme)
            browser.go(f"{served.address}?lang={language}", "document.querySelector('.strip path')")
            time.sleep(SLIDING_S)
            (FOLDER / name).write_bytes(browser.picture())
            sys.stdout.write(f"docs/pictures/{name}\n")


if __name__ == "__main__":
    main()
