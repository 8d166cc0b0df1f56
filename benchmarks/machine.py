"""The machine that figures were measured on, in one line. Figures of two machines do not compare; ratios do."""

import os
import platform
from pathlib import Path


def machine() -> str:
    """Processor, cores, load, Python and system of this machine."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    models = [line.split(":", 1)[1].strip() for line in lines if line.startswith(("model name", "Model", "Hardware"))]
    processor = models[-1] if models else platform.processor() or "processor unknown"
    return (
        f"{processor}, {platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, "
        f"Python {platform.python_version()}, {platform.system()} {platform.release()}"
    )
