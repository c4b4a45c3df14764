"""JSON for whoever reads what a command prints."""

import codecs
import json
import sys
from typing import Any


def as_json(value: Any) -> str:
    """JSON as it is printed: with its letters where stdout is UTF-8, else with codes for those beyond ASCII."""
    is_utf8 = codecs.lookup(sys.stdout.encoding or "ascii").name == "utf-8"
    return json.dumps(value, indent=2, ensure_ascii=not is_utf8)
