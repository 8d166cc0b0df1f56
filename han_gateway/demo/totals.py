"""The gateway's own counters, read from its Prometheus page as any scraper does.

This file must not know what is done with them.
"""

from http.client import HTTPConnection, HTTPException

from prometheus_client.parser import text_string_to_metric_families

READ = "han_meter_telegrams_total"
REJECTED = "han_meter_frame_errors_total"


def totals(port: int) -> dict[str, int]:
    """Give ``read`` and ``rejected REASON`` from the metrics page on loopback; empty when nobody answers."""
    connection = HTTPConnection("127.0.0.1", port, timeout=1)
    try:
        connection.request("GET", "/metrics")
        page = connection.getresponse().read().decode()
    except (OSError, HTTPException):
        return {}
    finally:
        connection.close()
    counted: dict[str, int] = {}
    for sample in (sample for family in text_string_to_metric_families(page) for sample in family.samples):
        if sample.name in (READ, REJECTED):
            name = "read" if sample.name == READ else f"rejected {sample.labels['reason']}"
            counted[name] = counted.get(name, 0) + round(sample.value)
    return counted
