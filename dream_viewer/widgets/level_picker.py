"""The dialog that picks what is played: game, difficulty, and which levels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from PyQt6.QtCore import Qt, pyqtSignal, pyqtSlot
from PyQt6.QtWidgets import (
    QButtonGroup,
    QComboBox,
    QDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

Levels = Literal["unseen", "train", "one"]
_WIDTH = 420
_CHOICES: tuple[tuple[Levels, str], ...] = (
    ("unseen", "Unseen levels, another one each time"),
    ("train", "Train levels, another one each time"),
    ("one", "This level again and again:"),
)


@dataclass(frozen=True, slots=True)
class LevelForm:
    """What a person chose.

    Attributes:
        game, difficulty: to play. levels: which. seed: as typed; counts where `levels` is `one`.
    """

    game: str
    difficulty: str
    levels: Levels
    seed: str


class LevelPicker(QDialog):
    """Asks what to play; whoever opened it says after each change what that would mean.

    Args:
        games: the agent's own first. difficulties: to choose from. form: as things stand. parent: the window.

    Signals:
        changed: the form did; comes once when it is shown, too. play_asked: this form was accepted.
    """

    changed = pyqtSignal(object)
    play_asked = pyqtSignal(object)

    def __init__(self, games: Sequence[str], difficulties: Sequence[str], form: LevelForm, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Choose a level")
        self.setFixedWidth(_WIDTH)
        self.game, self.difficulty = QComboBox(), QComboBox()
        self.game.addItem(games[0])
        self.game.insertSeparator(1)
        self.game.addItems(games[1:])
        self.difficulty.addItems(difficulties)
        self.seed = QLineEdit(form.seed)
        self.seed.setAccessibleName("Level seed")
        self.seed.setMaxLength(24)
        self.choices: dict[Levels, QRadioButton] = {}
        group = QButtonGroup(self)
        grid = QGridLayout()
        grid.setVerticalSpacing(10)
        grid.setHorizontalSpacing(12)
        grid.setColumnStretch(1, 1)
        for row, (text, box) in enumerate((("&Game", self.game), ("&Difficulty", self.difficulty))):
            label = QLabel(text)
            label.setBuddy(box)
            grid.addWidget(label, row, 0)
            grid.addWidget(box, row, 1)
        radios = QVBoxLayout()
        radios.setSpacing(8)
        for name, text in _CHOICES:
            button = self.choices[name] = QRadioButton(text)
            group.addButton(button)
            button.toggled.connect(self._tell)
            if name != "one":
                radios.addWidget(button)
        one = QHBoxLayout()
        one.addWidget(self.choices["one"])
        one.addWidget(self.seed, 1)
        radios.addLayout(one)
        self._meaning = QLabel()
        self._meaning.setWordWrap(True)
        self._meaning.setProperty("role", "muted")
        self._meaning.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._meaning.setMinimumHeight(3 * self.fontMetrics().height())
        self.play = QPushButton("Play")
        self.play.setProperty("role", "primary")
        self.play.setDefault(True)
        self.play.clicked.connect(self._accept)
        cancel = QPushButton("Cancel")
        cancel.setAutoDefault(False)
        cancel.clicked.connect(self.reject)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(cancel)
        buttons.addWidget(self.play)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(18, 16, 18, 16)
        layout.setSpacing(14)
        layout.addLayout(grid)
        layout.addLayout(radios)
        layout.addWidget(self._meaning)
        layout.addLayout(buttons)
        self.game.setCurrentText(form.game)
        self.difficulty.setCurrentText(form.difficulty)
        self.choices[form.levels].setChecked(True)
        self.game.currentTextChanged.connect(self._tell)
        self.difficulty.currentTextChanged.connect(self._tell)
        self.seed.textEdited.connect(self._typed)
        self.seed.setFocus()
        self.seed.selectAll()

    @property
    def form(self) -> LevelForm:
        """As it is filled in now."""
        levels = next(name for name, button in self.choices.items() if button.isChecked())
        return LevelForm(self.game.currentText(), self.difficulty.currentText(), levels, self.seed.text())

    @property
    def meaning(self) -> str:
        """What it says about the form."""
        return self._meaning.text()

    def explain(self, meaning: str, possible: bool) -> None:
        """Say what the form means, and whether it can be played."""
        self._meaning.setText(meaning)
        self.play.setEnabled(possible)

    @pyqtSlot()
    def _tell(self) -> None:
        self.changed.emit(self.form)

    @pyqtSlot()
    def _typed(self) -> None:
        self.choices["one"].setChecked(True)
        self._tell()

    @pyqtSlot()
    def _accept(self) -> None:
        self.accept()
        self.play_asked.emit(self.form)
