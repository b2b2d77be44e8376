"""The configuration that a node goes by: its file's, or the one of the database that takes its
place."""

from __future__ import annotations

from pathlib import Path

from lagan.hub.doors.node.config.loading import judge, read
from lagan.hub.doors.node.config.shape import NodeConfig
from lagan.hub.doors.node.config.xml import Element
from lagan.hub.doors.node.process import stored_config
from lagan.hub.doors.node.process.running import Options


def effective(file: Path, options: Options) -> tuple[Element, NodeConfig]:
    """Its elements and what they mean. BadInput with every reason."""
    tree, name = read(file), str(file)
    if options.stored_config:
        tree = stored_config.merged(stored_config.read(options.stored_config), tree)
        name = options.stored_config
    return tree, judge(tree, name)
