"""What a group's template asks of its datasets, answered from a package's user metadata."""

from __future__ import annotations

import json
from typing import Any

from lagan.hub.tree import queries as tree

Values = dict[str, list[str]]


def asked_values(group: int, user_metadata: object) -> Values:
    """The values of the open keys that the group's template knows: `.author` is the pair `author`.
    Everything else is the depositor's alone; nothing of it is interpreted."""
    if not isinstance(user_metadata, dict) or not user_metadata:
        return {}
    known = tree.effective_template(group, "DATASET").fields
    pairs = {f".{key.strip().lstrip('.')}": value for key, value in user_metadata.items()}
    return {key: _texts(pairs[key]) for key in known if key in pairs}


def _texts(value: Any) -> list[str]:
    several = value if isinstance(value, list) else [value]
    return [each if isinstance(each, str) else json.dumps(each) for each in several]
