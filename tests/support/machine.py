"""How busy the machine is that runs the tests."""

from __future__ import annotations

import os


def slack() -> float:
    """How much longer than on a machine of its own something may take: how many programs want each
    core, less the one that other tests are."""
    return max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1) - 1)
