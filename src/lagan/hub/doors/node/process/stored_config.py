"""A configuration that is kept in the database, by its name (`-dbcfgid`).

`ngas_cfg` lists the groups of a configuration, `ngas_cfg_pars` the values of each by their
simplified XPath. The file needs only `Db` and `Server.RootDirectory` then; its `Db` stays. Source:
reference/ngas-http.md sections 1, 10 and 13.
"""

from __future__ import annotations

import re

from lagan.hub.doors.node.config import paths
from lagan.hub.doors.node.config.xml import Element
from lagan.hub.doors.node.models import ConfigGroup, ConfigValue
from lagan.kit.errors import BadInput, NotFound

DATABASE = "Db"


def read(name: str) -> Element:
    """The configuration of a name, as elements. NotFound; BadInput names a value whose path is
    none."""
    known = ConfigGroup.objects.filter(pk=name).first()
    if known is None:
        raise NotFound(f"The database has no configuration {name}.", configuration=name)
    groups = [each for each in re.split(r"[,\s]+", known.cfg_par_group_ids) if each]
    rows = list(ConfigValue.objects.filter(cfg_group_id__in=groups).order_by("id"))
    missing = sorted(set(groups) - {each.cfg_group_id for each in rows})
    if missing:
        raise NotFound(f"The configuration {name} has no values of {', '.join(missing)}.")
    # A later group has the last word.
    rows.sort(key=lambda each: groups.index(each.cfg_group_id))
    return paths.built((_path(name, each), each.cfg_val) for each in rows)


def _path(name: str, row: ConfigValue) -> paths.ValuePath:
    try:
        return paths.read_path(row.cfg_par)
    except BadInput as error:
        raise BadInput(f"The configuration {name}: {error.sentence}") from None


def merged(stored: Element, file: Element) -> Element:
    """A stored configuration with the file's `Db`, by which it was found."""
    others = [each for each in stored.children if each.name != DATABASE]
    known = file.named(DATABASE)[:1]
    return Element(stored.name, 0, dict(stored.attributes), [*known, *others])
