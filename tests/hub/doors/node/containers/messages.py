"""Containers as deployed clients write them."""

from __future__ import annotations

from collections.abc import Mapping

Tree = Mapping[str, "bytes | Tree"]
"""Names to contents, or to what a sub-container holds."""
END = b"\r\n"


def message(
    name: str, tree: Tree, *, level: int = 0, blank: bytes = END, mime_type: str = "text/plain"
) -> bytes:
    """The multipart message; `blank` stands between the head and the first boundary, beside its
    own line end."""
    boundary = f"b{level}+/==".encode()
    head = (
        f"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; "
        f'container_name="{name}"; boundary="{boundary.decode()}"\r\n\r\n'
    ).encode()
    parts = []
    for each, content in tree.items():
        if isinstance(content, bytes):
            parts.append(part(each, content, mime_type))
        else:
            parts.append(message(each, content, level=level + 1, blank=blank, mime_type=mime_type))
    joined = b"".join((blank if not at else END) + b"--" + boundary + END + each
                      for at, each in enumerate(parts))  # fmt: skip
    return head + joined + END + b"--" + boundary + b"--"


def part(name: str, content: bytes, mime_type: str) -> bytes:
    """One file."""
    said = (
        f'Content-Type: {mime_type}\r\nContent-Disposition: attachment; filename="{name}"\r\n\r\n'
    )
    return said.encode() + content
