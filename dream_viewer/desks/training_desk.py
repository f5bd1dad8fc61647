"""Between the training of the session and the widgets that show and steer it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from pathlib import Path

from PyQt6.QtCore import QObject, pyqtSlot
from PyQt6.QtGui import QAction

from dream_viewer.curves import training_curves
from dream_viewer.messages.orders import TrainingRequest
from dream_viewer.session import Session
from dream_viewer.state.training import TrainingState
from dream_viewer.widgets.training_curves import TrainingCurves
from dream_viewer.widgets.training_panel import Phase, TrainingForm, TrainingPanel
from dream_viewer.words.guide import hint
from dream_viewer.words.numerals import count, decimal, duration
from trainer.config import Config
from trainer.config_files import game_config, named_config, shipped_configs
from trainer.errors import UserError
from trainer.events import Event, Finished, Progress, Saved, Started

_PHASES = {
    TrainingState.IDLE: Phase.ENDED,
    TrainingState.STARTING: Phase.STARTING,
    TrainingState.RUNNING: Phase.RUNNING,
    TrainingState.PAUSED: Phase.PAUSED,
    TrainingState.STOPPING: Phase.STOPPING,
}
_WAITING = {
    Phase.STARTING: "setting up networks, games and replay…",
    Phase.STOPPING: "saving the state after the last whole update…",
}
_EMPTY = ("", "")
_NOTHING = "nothing was trained"
_FIRST = "playing the first steps…"
_AT_REST = {TrainingState.PAUSED: "paused", TrainingState.IDLE: "broken off"}


def offered_configs() -> dict[str, Config]:
    """The shipped configurations for the form, CoinRun's first since its checkpoint is the one that is shipped."""
    names = sorted(shipped_configs(), key=lambda name: (name != "coinrun", name))
    return {name: named_config(name) for name in names}


def request_of(form: TrainingForm, configs: Mapping[str, Config], open_checkpoint: Path | None) -> TrainingRequest:
    """What to train by a form.

    Args:
        form: as filled in. configs: those it was offered. open_checkpoint: of the agent on show.

    Raises:
        UserError: it is to start from the open checkpoint and there is none on disk yet.
    """
    if form.from_open and open_checkpoint is None:
        raise UserError("The agent on show is in no file yet: open a checkpoint, or start from zero.")
    base = configs[form.config]
    if base.game != form.game:
        base = game_config(form.game) if form.game in configs else base.replace(game=form.game)
    config = base.replace(preset=form.preset, num_envs=form.num_envs, total_steps=form.total_steps)
    return TrainingRequest(config, source=open_checkpoint if form.from_open else None)


class TrainingDesk(QObject):
    """Starts what the form says, and writes what happens into the panel and the curves.

    Attributes:
        graphs_wanted: there are curves to see: of the training that runs, or of the last one.

    Args:
        session: has the training. panel, graphs: the widgets. configs: what the panel offers.
        show_again: the action that shows the agent in training again.
        complain, inform: show a message to the person, of bad or of good news.
    """

    def __init__(
        self,
        session: Session,
        panel: TrainingPanel,
        graphs: TrainingCurves,
        configs: Mapping[str, Config],
        show_again: QAction,
        complain: Callable[[str], None],
        inform: Callable[[str], None],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._session, self._training = session, session.training
        self._panel, self._graphs, self._configs = panel, graphs, dict(configs)
        self._show_again, self._complain, self._inform = show_again, complain, inform
        self._total: int | None = None
        self.graphs_wanted = False
        graphs.hide()
        panel.start_asked.connect(self.start)
        panel.pause_asked.connect(self._training.pause)
        panel.resume_asked.connect(self._training.resume)
        panel.stop_asked.connect(self._training.stop)
        panel.new_asked.connect(self._show_form)
        self._training.happened.connect(self._on_event)
        self._training.state_changed.connect(self._show_state)
        self._training.progressed.connect(self._show_progress)
        self._training.curves_changed.connect(self._show_curves)
        session.casting.agent_changed.connect(self._show_agent)
        show_again.triggered.connect(lambda _: session.casting.show_training())
        self._show_agent()

    @pyqtSlot(object)
    def start(self, form: TrainingForm) -> None:
        """Train what the form says."""
        try:
            self._begin(request_of(form, self._configs, self._open_checkpoint()))
        except UserError as error:
            self._complain(str(error))

    def resume_run(self, folder: Path) -> None:
        """Go on with a run, exactly where it stood."""
        self._begin(TrainingRequest(Config(), resume=folder))

    def _begin(self, request: TrainingRequest) -> None:
        if self._training.busy:
            self._complain("A training is running already: stop it first.")
            return
        self._total = None
        self._session.start_training(request)
        self._graphs.show_points(training_curves.points((), (), ()))
        self._graphs.show()
        self.graphs_wanted = True

    @pyqtSlot()
    def _show_state(self) -> None:
        self._panel.show_phase(_PHASES[self._training.state], self._title())
        self._show_progress()
        self._show_choice()

    @pyqtSlot()
    def _show_form(self) -> None:
        self.graphs_wanted = False
        self._graphs.hide()
        self._panel.show_phase(Phase.SETUP)

    @pyqtSlot()
    def _show_agent(self) -> None:
        agent, checkpoint = self._session.casting.agent, self._open_checkpoint()
        if agent is None or checkpoint is None:
            self._panel.show_open_agent(None)
        else:
            self._panel.show_open_agent(agent.name, agent.preset, trained=agent.updates > 0)
        self._show_choice()

    def _show_choice(self) -> None:
        self._show_again.setEnabled(self._training.busy and not self._session.casting.follows_training)

    def _open_checkpoint(self) -> Path | None:
        """The file of the agent on show; of one in training the newest that was saved, as older ones are deleted."""
        agent, saved = self._session.casting.agent, self._training.last_saved
        if agent is None:
            return None
        return Path(saved.path) if agent.training and saved is not None else agent.path

    @pyqtSlot()
    def _show_progress(self) -> None:
        state, progress = self._training.state, self._training.progress
        waiting = _WAITING.get(_PHASES[state])
        if waiting is None and progress is None and state is TrainingState.RUNNING:
            waiting = _FIRST
        if waiting is not None or progress is None or self._total is None:
            text = waiting or _NOTHING
            self._panel.show_progress(None if waiting else 0.0, ((text, ""), _EMPTY, _EMPTY))
            return
        outcome = self._training.outcome
        word = _AT_REST.get(state) if outcome is None else outcome.reason
        lines = progress_lines(progress, self._total, word)
        self._panel.show_progress(min(progress.env_steps / self._total, 1.0), lines)

    @pyqtSlot()
    def _show_curves(self) -> None:
        training = self._training
        self._graphs.show_points(training_curves.points(training.metrics, training.evaluations, training.returns))

    def _title(self) -> str:
        request = self._training.request
        if request is None:
            return ""
        if request.resume is not None:
            return f"continuing {request.resume.name}"
        origin = "zero" if request.source is None else request.source.stem
        return f"{request.config.game}, {request.config.preset}, from {origin}"

    @pyqtSlot(object)
    def _on_event(self, event: Event) -> None:
        match event:
            case Started():
                self._total = event.total_steps
                self._panel.setToolTip(f"{hint('training')}\n{event.summary}")
            case Saved():
                self._show_agent()
            case Finished():
                word = "complete" if event.reason == "complete" else "stopped and saved"
                self._inform(f"Training {word} after {count(event.env_steps)} steps: {event.checkpoint}")


def progress_lines(progress: Progress, total: int, at_rest: str | None) -> tuple[tuple[str, str], ...]:
    """The three lines below the progress bar: left and right text of each.

    Args:
        progress: the newest. total: steps in all. at_rest: why nothing goes on, in a word or two; None while it does.
    """
    if at_rest is not None:
        left = at_rest
    elif progress.seconds_left is None:
        left = ""
    else:
        left = f"{duration(progress.seconds_left)} left"
    mean = "no episode yet" if progress.mean_return is None else f"return {decimal(progress.mean_return)}"
    rates = f"{progress.updates_per_second:.2f} updates/s", f"{progress.frames_per_second:.0f} frames/s"
    skipped = f", {count(progress.skipped)} refused" if progress.skipped else ""
    return (
        (f"{count(progress.env_steps)} of {count(total)} steps", left),
        (f"{count(progress.updates)} updates{skipped}", mean),
        rates,
    )


def remembered_form(values: Mapping[str, object], fallback: TrainingForm) -> TrainingForm:
    """A form from what the settings remember; whatever is missing or of another type is taken from `fallback`."""
    changes = {
        item.name: values[item.name]
        for item in dataclasses.fields(TrainingForm)
        if type(values.get(item.name)) is type(getattr(fallback, item.name))
    }
    return dataclasses.replace(fallback, **changes)  # type: ignore[arg-type]
