"""Plug-ins by their kind and name: built in, or a file in a configured folder, and nothing else.

A name never reaches the interpreter's own import: it is looked for as `ngamsPlugIns/<name>.py` and
`<name>.py` in the folders, and a file is run only when its text says that it has what the kind asks
for. Nothing is loaded at start: an unknown name is no reason not to serve, it fails when it is
used. Source: reference/ngas-http.md sections 12 and 17.5.
"""

from __future__ import annotations

import ast
import importlib.util
import logging
import re
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from lagan.hub.doors.node.config.shape import NodeConfig
from lagan.hub.doors.node.plugins.builtin import BUILT_IN
from lagan.hub.doors.node.plugins.kinds import Kind, parts
from lagan.hub.doors.node.process.start import root_of
from lagan.hub.doors.node.wire.reply import Failed
from lagan.kit.errors import LaganError

_log = logging.getLogger(__name__)

PREFIX = "ngamsPlugIns"
"""The package that deployed configurations put before every name."""
COMMAND = "ngamsCmd_"
"""What the module of a command begins with."""
LARGEST = 4 << 20
"""Bytes of a plug-in's file."""
_NAME = re.compile(r"[A-Za-z_]\w{0,100}(?:\.[A-Za-z_]\w{0,100}){0,8}", re.ASCII)
_PRIVATE = "lagan_plug_in"
"""Modules of plug-ins have names that no import statement of anybody else meets."""


class PlugIns:
    """Those of one node. A file is run once; `forget` has it run again."""

    def __init__(self, config: NodeConfig, paths: Sequence[Path] = ()) -> None:
        """`paths` are folders of the command line, beside those of `Server.PluginsPath`."""
        root = root_of(config)
        configured = [root / each for each in config.server.plug_in_paths]
        self.folders = tuple(dict.fromkeys([*configured, *(each.absolute() for each in paths)]))
        self._modules: dict[Path, ModuleType] = {}
        self._guard = threading.RLock()

    def find(self, kind: Kind, name: str) -> Callable[..., Any]:
        """The function (or class) of a plug-in. Failed: there is none of that name, or its file
        cannot be run."""
        bare = _bare(name)
        if (found := BUILT_IN.get((kind, bare))) is not None:
            return found
        function: Callable[..., Any] = getattr(self.module(kind, name), parts(kind, bare)[1])
        return function

    def module(self, kind: Kind, name: str) -> ModuleType:
        """The module of a plug-in that is not built in, for kinds that look for more than one
        function. Failed, as `find`."""
        module, wanted = parts(kind, _bare(name))
        path = self._file(module)
        if path is None or not _offers(path, wanted):
            raise Failed(f"No module named {name}")
        with self._guard:
            if path not in self._modules:
                self._modules[path] = _run(path, name)
            return self._modules[path]

    def call(self, kind: Kind, name: str, *given: Any) -> Any:
        """What a plug-in says. Failed with its error's words when it raises."""
        function = self.find(kind, name)
        try:
            return function(*given)
        except LaganError:
            raise
        except (Exception, SystemExit) as error:
            _log.exception("The plug-in %s failed.", name)
            raise Failed(f"The plug-in {name} failed: {_said(error)}") from None

    def forget(self, kind: Kind, name: str) -> None:
        """Read the plug-in's file again when it is used next."""
        path = self._file(parts(kind, _bare(name))[0])
        with self._guard:
            if path is not None:
                self._modules.pop(path, None)

    def commands(self) -> Iterator[tuple[str, str]]:
        """The names of commands for which there is a module in a folder, with the module's."""
        for folder in self.folders:
            for place in (folder / PREFIX, folder):
                for path in sorted(place.glob(f"{COMMAND}*.py")):
                    yield path.stem.removeprefix(COMMAND), path.stem

    def _file(self, module: str) -> Path | None:
        if not _NAME.fullmatch(module):
            return None
        inner = Path(*module.split("."))
        for folder in self.folders:
            for place in (folder / PREFIX / inner, folder / inner):
                for path in (place.with_suffix(".py"), place / "__init__.py"):
                    if path.is_file():
                        return path
        return None


def _bare(name: str) -> str:
    return name.strip().removeprefix(f"{PREFIX}.")


def _offers(path: Path, wanted: str) -> bool:
    """Whether a file defines the name at its top; a file that does not is never run."""
    try:
        text = path.read_bytes()
        tree = ast.parse(text[:LARGEST]) if len(text) <= LARGEST else None
    except (OSError, SyntaxError, ValueError, RecursionError) as error:
        raise Failed(f"The plug-in {path.name} cannot be read: {_said(error)}") from None
    return tree is not None and any(wanted in _defined(each) for each in tree.body)


def _defined(statement: ast.stmt) -> set[str]:
    match statement:
        case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
            return {name}
        case ast.Assign(targets=targets):
            return {each.id for each in targets if isinstance(each, ast.Name)}
        case ast.ImportFrom(names=names):
            return {each.asname or each.name for each in names}
    return set()


class _Fresh(SourceFileLoader):
    """Runs the text as it is now: a compiled file of the same second may be of an older one."""

    def get_code(self, fullname: str) -> CodeType:
        """The compiled text."""
        return compile(self.get_data(self.path), self.path, "exec", dont_inherit=True)


def _run(path: Path, name: str) -> ModuleType:
    """A file's module. It stands under a private name, so that a package's own relative imports
    work and nothing else finds it."""
    within = _PRIVATE + "".join(f"_{ord(each):x}" if each == "/" else each for each in str(path))
    private = re.sub(r"\W", "_", within)
    package = [str(path.parent)] if path.name == "__init__.py" else None
    spec = importlib.util.spec_from_file_location(private, path, submodule_search_locations=package)
    assert spec is not None, "a .py file has a loader"  # noqa: S101 - for the types
    assert spec.loader is not None, "a .py file has a loader"  # noqa: S101
    module = importlib.util.module_from_spec(spec)
    sys.modules[private] = module
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        sys.modules.pop(private, None)
        _log.exception("The plug-in %s cannot be loaded.", path)
        raise Failed(f"The plug-in {name} cannot be loaded: {_said(error)}") from None
    return module


def _said(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
