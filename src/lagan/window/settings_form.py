"""The tabs of the settings dialogue with a field for every setting; it judges nothing."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QFormLayout,
    QFrame,
    QGroupBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QScrollArea,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from lagan.agent.keys import KEYS, UNITS
from lagan.window import fields
from lagan.window.draft import Values
from lagan.window.editors import ChoiceEditor, Editor, FlagEditor, LineEditor, editor


class SettingsForm(QTabWidget):
    """Fields by setting; those that do not matter now are grey, all of them when locked."""

    changed = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.editors: dict[str, Editor] = {}
        self._labels: dict[str, QLabel] = {}
        self._locked = False
        self._rest: Values = {}
        self.setDocumentMode(True)
        for title, sections in fields.tabs().items():
            self.addTab(self._page(sections), title)

    def put(self, values: Mapping[str, str]) -> None:
        """Show these values; those without a field are kept as they are."""
        self._rest = {name: text for name, text in values.items() if name not in self.editors}
        for name, each in self.editors.items():
            each.put(values.get(name, str(KEYS[name].default)))
        self._follow()

    def values(self) -> Values:
        """What the fields say, and what has no field."""
        return self._rest | {name: each.text() for name, each in self.editors.items()}

    def put_one(self, name: str, text: str) -> None:
        """Show one value, like a suggestion that was taken."""
        if name in self.editors:
            self.editors[name].put(text)
            self._follow()

    def lock(self, locked: bool) -> None:
        """Make every field read-only, or not any more."""
        self._locked = locked
        self._follow()

    def show_field(self, name: str) -> None:
        """Turn to the setting's tab and put the cursor into its field."""
        tab = fields.tab_of(name)
        if tab is None:
            return
        self.setCurrentIndex(next(n for n in range(self.count()) if self.tabText(n) == tab))
        target = self.editors[name]
        page = self.currentWidget()
        if isinstance(page, QScrollArea):
            page.ensureWidgetVisible(target)
        target.inner.setFocus(Qt.FocusReason.OtherFocusReason)
        if isinstance(target.inner, QLineEdit):
            target.inner.selectAll()

    def _page(self, sections: list[fields.Section]) -> QScrollArea:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setSpacing(14)
        for section in sections:
            column.addWidget(self._section(section))
        column.addStretch(1)
        _align(list(page.findChildren(QFormLayout)))
        area = QScrollArea()
        area.setWidget(page)
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        return area

    def _section(self, section: fields.Section) -> QGroupBox:
        box = QGroupBox(section.title)
        form = QFormLayout(box)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.setLabelAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        form.setVerticalSpacing(8)
        beside = {name for names in fields.BESIDE.values() for name in names}
        days = [name for name in section.names if name in fields.DAY_NAMES]
        for name in section.names:
            if name in days:
                if name == days[0]:
                    form.addRow("Days", self._row([self._make(each) for each in days]))
            elif name not in beside:
                self._add(form, name)
        return box

    def _add(self, form: QFormLayout, name: str) -> None:
        made = self._make(name)
        if isinstance(made, FlagEditor):
            others = [self._make(each) for each in fields.BESIDE.get(name, ())]
            form.addRow(self._row([made, *others], last_grows=len(others) == 1) if others else made)
            return
        words = QLabel(fields.label(name))
        words.setBuddy(made.inner)
        self._labels[name] = words
        form.addRow(words, made)

    def _row(self, editors: list[Editor], *, last_grows: bool = False) -> QWidget:
        row = QWidget()
        line = QHBoxLayout(row)
        line.setContentsMargins(0, 0, 0, 0)
        for each in editors:
            line.addWidget(each)
        if last_grows and isinstance(editors[-1], LineEditor):
            line.setStretch(len(editors) - 1, 1)
        else:
            line.addStretch(1)
        return row

    def _make(self, name: str) -> Editor:
        key = fields.key(name)
        label = fields.label(name)
        words = label[:3] if name in fields.DAY_NAMES else label
        made: Editor
        if key.choices == UNITS:
            made = ChoiceEditor(key, tuple(unit for unit in UNITS if unit.endswith("s")))
        else:
            made = editor(key, words)
        made.inner.setAccessibleName(fields.label(name))
        made.inner.setObjectName(name)
        made.changed.connect(lambda: self._on_change(name))
        self.editors[name] = made
        return made

    def _on_change(self, name: str) -> None:
        self._follow()
        self.changed.emit(name)

    def _follow(self) -> None:
        """Let what depends on other settings follow them."""
        structure = self.editors["folder_structure"].text()
        self.editors["dataset_grouping"].put(fields.grouping(structure))
        self._labels["user_filter"].setText(fields.owner_filter_label(structure))
        values = self.values()
        for name, each in self.editors.items():
            each.setEnabled(not self._locked and fields.usable(name, values))


def _align(forms: list[QFormLayout]) -> None:
    """Let the fields of a page begin at one line, though several boxes hold them."""
    words = [
        widget
        for form in forms
        for row in range(form.rowCount())
        if (item := form.itemAt(row, QFormLayout.ItemRole.LabelRole)) is not None
        and (widget := item.widget()) is not None
    ]
    widest = max((each.sizeHint().width() for each in words), default=0)
    for each in words:
        each.setMinimumWidth(widest)
