"""Asks a running daemon how things stand, over HTTP. It must not know what is done with the answer."""

import json
from http.client import HTTPConnection, HTTPException
from typing import Any
from urllib.parse import urlsplit

PATIENCE_S = 5.0
LARGEST = 1_000_000
"""Bytes of an answer: a hundred chargers and a full hour make a tenth of it."""


class NoAnswerError(Exception):
    """Nobody answered, or not as we do; the message says what to look at."""


def snapshot(address: str) -> dict[str, Any]:
    """``/status.json`` of the daemon at ``http://HOST[:PORT]``. Raises NoAnswerError."""
    where = address.rstrip("/")
    try:
        parts = urlsplit(where)
        host, port = parts.hostname, parts.port
    except ValueError as why:
        raise NoAnswerError(f"{address} is not an address; for example http://127.0.0.1:9755") from why
    if parts.scheme != "http" or not host:
        raise NoAnswerError(f"{address} is not an address; for example http://127.0.0.1:9755")
    connection = HTTPConnection(host, port or 80, timeout=PATIENCE_S)
    try:
        connection.request("GET", f"{parts.path}/status.json")
        answer = connection.getresponse()
        status, body = answer.status, answer.read(LARGEST)
    except (OSError, HTTPException) as why:
        words = getattr(why, "strerror", None) or str(why) or type(why).__name__
        raise NoAnswerError(f"no answer from {where} ({words.lower()}); is it running? systemctl status 'han-gateway@*'") from why
    finally:
        connection.close()
    return _read(where, status, body)


def _read(where: str, status: int, body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body) if status == 200 else None
    except ValueError:
        value = None
    if not isinstance(value, dict) or "lines" not in value:
        raise NoAnswerError(
            f"what answers at {where} is not the page of a han-gateway; look at [metrics] and [page] of its configuration"
        )
    return value
