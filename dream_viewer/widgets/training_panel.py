"""The training panel: a form to start a training, and what it does while it runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum

from PyQt6.QtCore import Qt, pyqtSignal, pyqtSlot
from PyQt6.QtWidgets import (
    QButtonGroup,
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QRadioButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from dream_viewer.look.elided import ElidedLabel
from trainer.config import GAMES, PRESETS, Config

_PROGRESS_PARTS = 10_000
_MOST_STEPS = 2_000_000_000


@dataclass(frozen=True, slots=True)
class TrainingForm:
    """What a person filled in.

    Attributes:
        config: name of the configuration whose other settings hold.
        game, preset, num_envs, total_steps: in place of the configuration's.
        from_open: start from the weights of the open checkpoint; False starts from zero.
    """

    config: str
    game: str
    preset: str
    num_envs: int
    total_steps: int
    from_open: bool


class Phase(Enum):
    """What the panel shows and which buttons work."""

    SETUP = "setup"
    STARTING = "starting"
    RUNNING = "running"
    PAUSED = "paused"
    STOPPING = "stopping"
    ENDED = "ended"


class TrainingPanel(QWidget):
    """A form, and in its place the progress while a training is there.

    Args:
        configs: shipped configurations by name; the first one is chosen.

    Signals:
        start_asked: carries a TrainingForm.
        continue_asked: a person wants to go on with a run of theirs.
        pause_asked, resume_asked, stop_asked: the buttons.
        new_asked: after a training ended, a person wants the form again.
    """

    start_asked = pyqtSignal(object)
    continue_asked = pyqtSignal()
    pause_asked = pyqtSignal()
    resume_asked = pyqtSignal()
    stop_asked = pyqtSignal()
    new_asked = pyqtSignal()

    def __init__(self, configs: Mapping[str, Config], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._form = _Form(configs)
        self._progress = _Progress()
        heading = QLabel("Training")
        heading.setProperty("role", "heading")
        self._title = ElidedLabel("muted", Qt.TextElideMode.ElideMiddle)
        self._title.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        top = QHBoxLayout()
        top.setSpacing(12)
        top.addWidget(heading)
        top.addWidget(self._title, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addLayout(top)
        layout.addWidget(self._form)
        layout.addWidget(self._progress)
        self._form.start.clicked.connect(lambda: self.start_asked.emit(self._form.form()))
        self._form.go_on.clicked.connect(self.continue_asked)
        self._progress.pause.clicked.connect(self._pause_or_resume)
        self._progress.stop.clicked.connect(self._stop_or_new)
        self.show_phase(Phase.SETUP)

    @property
    def form(self) -> TrainingForm:
        """What the form holds now."""
        return self._form.form()

    @property
    def remembered(self) -> TrainingForm:
        """What the form holds of a person's own: of the preset their choice, also where weights decide it now."""
        return replace(self._form.form(), preset=self._form.own_preset)

    @property
    def phase(self) -> Phase:
        """What the panel shows."""
        return self._phase

    def fill(self, form: TrainingForm) -> None:
        """Put remembered values into the form; what is unknown by now, or out of range, is left as it is."""
        self._form.fill(form)

    def show_open_agent(self, name: str | None, preset: str | None = None, trained: bool = False) -> None:
        """Offer the open checkpoint to start from, or not (None); weights decide their own preset.

        Args:
            name, preset: of its agent. trained: it learned something already: unless a person chose otherwise, that
                is where training goes on.
        """
        self._form.offer(name, preset, trained)

    def show_phase(self, phase: Phase, title: str = "") -> None:
        """Show the form, or the progress of a training.

        Args:
            phase: what training does. title: what is being trained.
        """
        self._phase = phase
        self._title.show_text(title)
        self._progress.show_phase(phase)
        first, then = (self._progress, self._form) if phase is Phase.SETUP else (self._form, self._progress)
        first.hide()  # before the other is shown, so that the column never needs room for both
        then.show()

    def show_progress(self, done: float | None, lines: Sequence[tuple[str, str]]) -> None:
        """Show how far it is.

        Args:
            done: part of the way, 0 to 1; None before it is known. lines: texts at the left and at the right of
                each line below the bar, always as many.
        """
        self._progress.show_progress(done, lines)

    @pyqtSlot()
    def _pause_or_resume(self) -> None:
        (self.resume_asked if self._phase is Phase.PAUSED else self.pause_asked).emit()

    @pyqtSlot()
    def _stop_or_new(self) -> None:
        (self.new_asked if self._phase is Phase.ENDED else self.stop_asked).emit()


class _Form(QWidget):
    def __init__(self, configs: Mapping[str, Config]) -> None:
        super().__init__()
        self._configs = dict(configs)
        self._config, self._game, self._preset = _combo(self._configs), _combo(GAMES), _combo(PRESETS)
        self._envs, self._steps = _spin(1, 1024, 1), _spin(1, _MOST_STEPS, 100_000)
        self._zero, self._open = QRadioButton("zero"), QRadioButton("the open checkpoint")
        group = QButtonGroup(self)
        for button in (self._zero, self._open):
            group.addButton(button)
        self._zero.setChecked(True)
        self._offered_preset: str | None = None
        self._from_open_chosen: bool | None = None
        self.own_preset = self._preset.currentText()
        self.start = QPushButton("Start training")
        self.start.setProperty("role", "primary")
        self.go_on = QPushButton("Continue a run…")
        self.go_on.setToolTip("Go on with a run that was stopped, exactly where it stood")

        origin = QVBoxLayout()
        origin.setSpacing(4)
        origin.addWidget(self._zero)
        origin.addWidget(self._open)
        rows = QFormLayout()
        rows.setLabelAlignment(Qt.AlignmentFlag.AlignLeft)
        rows.setHorizontalSpacing(12)
        rows.setVerticalSpacing(7)
        rows.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        for text, field in (
            ("Config", self._config),
            ("Game", self._game),
            ("Preset", self._preset),
            ("Games at once", self._envs),
            ("Steps in all", self._steps),
        ):
            label = QLabel(text)
            label.setProperty("role", "muted")
            label.setBuddy(field)
            rows.addRow(label, field)
        start_from = QLabel("Start from")
        start_from.setProperty("role", "muted")
        rows.addRow(start_from, origin)
        buttons = QHBoxLayout()
        buttons.addWidget(self.start, 1)
        buttons.addWidget(self.go_on)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(12)
        layout.addLayout(rows)
        layout.addLayout(buttons)

        self._config.currentTextChanged.connect(self._take_config)
        self._game.activated.connect(self._take_game)
        self._preset.activated.connect(self._take_preset)
        self._zero.clicked.connect(self._take_origin)
        self._open.clicked.connect(self._take_origin)
        self._open.toggled.connect(self._show_preset)
        self.offer(None, None, False)
        self._take_config(self._config.currentText())

    def form(self) -> TrainingForm:
        return TrainingForm(
            self._config.currentText(),
            self._game.currentText(),
            self._preset.currentText(),
            self._envs.value(),
            self._steps.value(),
            self._open.isChecked(),
        )

    def fill(self, form: TrainingForm) -> None:
        for box, text in ((self._config, form.config), (self._game, form.game)):
            if box.findText(text) >= 0:
                box.setCurrentText(text)
        if self._preset.findText(form.preset) >= 0:
            self.own_preset = form.preset
        self._show_preset()
        for spin, number in ((self._envs, form.num_envs), (self._steps, form.total_steps)):
            if spin.minimum() <= number <= spin.maximum():
                spin.setValue(number)

    def offer(self, name: str | None, preset: str | None, trained: bool) -> None:
        self._offered_preset = preset
        self._open.setEnabled(name is not None)
        self._open.setToolTip("Open a checkpoint first" if name is None else name)
        from_open = trained if self._from_open_chosen is None else self._from_open_chosen
        (self._open if from_open and name is not None else self._zero).setChecked(True)
        self._show_preset()

    def _take_config(self, name: str) -> None:
        config = self._configs[name]
        self._game.setCurrentText(config.game)
        self._envs.setValue(config.num_envs)
        self._steps.setValue(config.total_steps)
        self.own_preset = config.preset
        self._show_preset()

    def _take_game(self) -> None:
        """A game has settings of its own where a configuration of its name is shipped."""
        game = self._game.currentText()
        if game in self._configs:
            self._config.setCurrentText(game)

    def _take_preset(self) -> None:
        self.own_preset = self._preset.currentText()

    def _take_origin(self) -> None:
        self._from_open_chosen = self._open.isChecked()

    def _show_preset(self) -> None:
        given = self._offered_preset if self._open.isChecked() else None
        self._preset.setCurrentText(given or self.own_preset)
        self._preset.setEnabled(given is None)
        self._preset.setToolTip("The weights of the open checkpoint have this size" if given else "Size of the model")


class _Progress(QWidget):
    LINES = 3

    def __init__(self) -> None:
        super().__init__()
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._texts = [(QLabel(), QLabel()) for _ in range(self.LINES)]
        self.pause = QPushButton("Pause")
        self.stop = QPushButton("Stop and save")
        self.pause.setFixedWidth(self.pause.fontMetrics().horizontalAdvance("Resume") + 44)
        buttons = QHBoxLayout()
        buttons.addWidget(self.pause)
        buttons.addWidget(self.stop, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addWidget(self._bar)
        for left, right in self._texts:
            right.setProperty("role", "muted")
            line = QHBoxLayout()
            line.addWidget(left)
            line.addStretch(1)
            line.addWidget(right)
            layout.addLayout(line)
        layout.addSpacing(4)
        layout.addLayout(buttons)

    def show_phase(self, phase: Phase) -> None:
        self.pause.setText("Resume" if phase is Phase.PAUSED else "Pause")
        self.pause.setEnabled(phase in (Phase.RUNNING, Phase.PAUSED))
        self.stop.setEnabled(phase is not Phase.STOPPING)
        words = {Phase.STOPPING: "Saving…", Phase.ENDED: "New training"}
        self.stop.setText(words.get(phase, "Stop and save"))

    def show_progress(self, done: float | None, lines: Sequence[tuple[str, str]]) -> None:
        self._bar.setRange(0, 0 if done is None else _PROGRESS_PARTS)
        if done is not None:
            self._bar.setValue(round(done * _PROGRESS_PARTS))
        for (left, right), (left_text, right_text) in zip(self._texts, lines, strict=True):
            left.setText(left_text)
            right.setText(right_text)


def _combo(texts: Mapping[str, object] | Sequence[str]) -> QComboBox:
    box = QComboBox()
    box.addItems(list(texts))
    box.setMaxVisibleItems(20)
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    box.setMinimumContentsLength(6)
    return box


def _spin(least: int, most: int, step: int) -> QSpinBox:
    box = QSpinBox()
    box.setRange(least, most)
    box.setSingleStep(step)
    box.setGroupSeparatorShown(True)
    return box
