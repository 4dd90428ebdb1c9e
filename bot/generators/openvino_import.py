"""OpenVINO GenAI, imported so that nothing leaves the machine. Knows nothing of models.

Importing `openvino` reports itself to its maker over the network unless the person at the machine has said no. It has a
stand-in for where the package that sends is missing, so that package is made to be missing.
"""

from __future__ import annotations

import sys
from typing import Any


def import_openvino_genai() -> Any:
    """The module. Must be called before anything else imports `openvino`."""
    if "openvino" not in sys.modules:
        sys.modules["openvino_telemetry"] = None  # type: ignore[assignment] # "not installed", as Python spells it
    import openvino_genai

    return openvino_genai
