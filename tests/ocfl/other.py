"""The package `ocfl` (ocfl-py), a second opinion: what it says of an object and of a root."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

_ABSENT: dict[str, dict[str, Any]] = {
    "s3fs": {"S3FileSystem": type("S3FileSystem", (), {})},
    "pairtree": {"id_encode": str, "id_decode": str},
}
"""What it imports for S3 and for a layout of its own; see pyproject.toml."""

for _name, _members in _ABSENT.items():
    if _name not in sys.modules:
        sys.modules[_name] = ModuleType(_name)
        vars(sys.modules[_name]).update(_members)

from ocfl import StorageRoot  # noqa: E402
from ocfl.validator import Validator  # noqa: E402


def of_object(folder: Path) -> list[str]:
    """The codes of its errors, as `E092`, sorted."""
    validator = Validator(log_warnings=False)
    if validator.validate_object(str(folder)):
        return []
    return sorted(set(re.findall(r"\b(E\d{3})", validator.status_str()))) or ["E"]


def of_root(folder: Path, *, warnings: bool = False) -> tuple[bool, int, int, list[str]]:
    """Whether the root is valid, its objects, the good ones, and what is said."""
    root = StorageRoot(root=str(folder))
    valid = root.validate(log_warnings=warnings)
    said = [text for _, text in root.errors]
    if root.log is not None:
        said += [root.log.status_str()] if root.log.status_str() else []
    return valid, root.num_objects, root.good_objects, said
