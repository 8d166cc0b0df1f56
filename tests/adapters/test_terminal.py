"""What is written to a terminal that does not speak UTF-8."""

import io

import pytest

from han_gateway.adapters.terminal import PLAIN, speak_plainly


@pytest.mark.parametrize(
    ("encoding", "shown"),
    [("ascii", "## . | 3 -> 6 A, Bla lader, ?"), ("latin-1", "## . | 3 -> 6 A, Blå lader, ?"), ("utf-8", None)],
)
def test_what_an_encoding_does_not_have_is_shown_plainly(
    encoding: str, shown: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No sign of ours ends a command, on stdout and on stderr; where there is UTF-8, nothing changes."""
    text = "██ ░ ┃ 3 → 6 A, Blå lader, ☃"
    for name in ("stdout", "stderr"):
        bytes_ = io.BytesIO()
        monkeypatch.setattr(f"sys.{name}", stream := io.TextIOWrapper(bytes_, encoding=encoding))
        speak_plainly()
        stream.write(text)
        stream.flush()
        assert bytes_.getvalue().decode(encoding) == (shown or text)


def test_what_stands_for_a_sign_is_plain() -> None:
    """Whatever replaces one of our signs is ASCII, or it would have to be replaced itself."""
    assert all(words.isascii() for words in PLAIN.values())
