"""The whole thing: a real X server where there is one, a real game, a real agent, a real training."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch
from PyQt6.QtGui import QImage
from PyQt6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from dream_viewer.lifetime.quitter import Quitter
from dream_viewer.look import theme
from dream_viewer.main_window import MainWindow
from dream_viewer.messages.orders import TrainingRequest
from dream_viewer.session import Session
from dream_viewer.settings import Settings
from dream_viewer.state.training import TrainingState
from dream_viewer.widgets.training_panel import TrainingForm
from dream_viewer.workers.player_worker import PlayerWorker
from dream_viewer.workers.training_worker import TrainingWorker, make_loop
from tests.dream_viewer.lifetime.test_quitter import Loop
from tests.player_support import small_checkpoint
from trainer.checkpoint import read_header
from trainer.config import Config
from trainer.events import Finished, Progress
from trainer.run import Run

ROOT = Path(__file__).parents[2]
X_SERVER = ["xvfb-run", "-a", "-s", "-screen 0 1280x800x24"]


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("agent") / "small.safetensors"
    return small_checkpoint(path, config=Config(preset="debug", dtype="float32", threads=1))


def test_a_screenshot_from_the_command_line(checkpoint: Path, tmp_path: Path) -> None:
    """On an X server of its own where Xvfb is installed, without any display elsewhere."""
    file = tmp_path / "window.png"
    displays = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    environment = {key: value for key, value in os.environ.items() if key not in displays}
    server = X_SERVER if shutil.which(X_SERVER[0]) and shutil.which("xauth") else []
    command = [sys.executable, "main.py", "view", str(checkpoint), "--mode", "dream", "--screenshot", str(file)]
    done = subprocess.run(
        server + command,
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    image = QImage(str(file))
    assert (image.width(), image.height()) == (1280, 800)
    row = [image.pixelColor(x, 250).name() for x in range(image.width())]
    assert row.count(theme.COLOURS["observed"]) in (6, 12), "the left and the right border of a pane, or of both"
    picture = image.copy(150, 80, 368, 360)
    colours = {picture.pixelColor(x, y).name() for x in range(0, 368, 8) for y in range(0, 360, 8)}
    assert len(colours) > 8, "reality is not drawn"


class Everything:
    """The window with its real workers, as `app.run` puts them together."""

    def __init__(self, run_dir: Path) -> None:
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        if not app.styleSheet():
            theme.apply(app)
        self.player = PlayerWorker(device="cpu", dtype="float32")
        self.session = Session(self.player, lambda request: TrainingWorker(self._here(request, run_dir)))
        self.player.start()
        self.window = MainWindow(self.session, Settings(reality_view="agent", training_panel=True))
        self.loop = Loop()
        self.quitter = Quitter(self.loop, self.session, self.window, None)
        self.window.closing.connect(self.quitter._begin)
        self.session.start()
        self.window.show()

    @staticmethod
    def _here(request: TrainingRequest, run_dir: Path) -> TrainingRequest:
        return TrainingRequest(request.config, request.source, request.resume, run_dir)


@pytest.fixture
def everything(qtbot: QtBot, tmp_path: Path) -> Iterator[Everything]:
    everything = Everything(tmp_path / "run")
    qtbot.addWidget(everything.window)
    yield everything
    everything.session.request_stop()
    assert everything.session.wait_stopped(30_000)


def test_training_in_the_window_shows_its_newest_weights_and_is_saved_when_the_window_closes(
    everything: Everything, qtbot: QtBot, checkpoint: Path, tmp_path: Path
) -> None:
    session, window = everything.session, everything.window
    window.files.open_path(checkpoint)
    qtbot.waitUntil(lambda: session.playhead.moment is not None and session.casting.agent is not None, timeout=30_000)
    first = session.casting.agent.generation
    window.training_panel.fill(TrainingForm("debug", "coinrun", "debug", 4, 100_000, False))
    window.training_panel._form.start.click()
    qtbot.waitUntil(lambda: session.training.state is TrainingState.RUNNING, timeout=60_000)
    qtbot.waitUntil(lambda: session.casting.agent.training and session.casting.agent.generation > first, timeout=60_000)
    qtbot.waitUntil(
        lambda: session.training.progress is not None and session.training.progress.updates > 2, timeout=60_000
    )
    generations = {
        moment.reading.generation for moment in session.playhead.reels[-1].moments if moment.reading is not None
    }
    assert len(generations) == 1, "past and present weights never mix"

    window.close()
    assert not window.isVisible()
    qtbot.waitUntil(lambda: everything.loop.codes == [0], timeout=30_000)
    run = Run.open(tmp_path / "run")
    header = read_header(run.latest_checkpoint())
    assert header.kind == "full" and header.updates >= session.training.progress.updates
    assert not run.broke_off()


def trained_straight_to(env_steps: int, updates: int, config: Config, run_dir: Path) -> Path:
    """The checkpoint of a training that nothing disturbs, stopped between two updates at these counters."""
    loop = make_loop(TrainingRequest(config, run_dir=run_dir))
    for event in loop.run():
        if isinstance(event, Progress) and (event.env_steps, event.updates) >= (env_steps, updates):
            loop.stop()
        last = event
    assert isinstance(last, Finished)
    return Path(last.checkpoint)


def test_a_window_closed_in_the_middle_of_training_leaves_the_state_after_the_last_whole_update(
    everything: Everything, qtbot: QtBot, tmp_path: Path
) -> None:
    training, window = everything.session.training, everything.window
    window.training_panel.fill(TrainingForm("debug", "coinrun", "4m", 4, 100_000, False))
    window.training_panel._form.start.click()
    qtbot.waitUntil(lambda: training.progress is not None and training.progress.updates >= 2, timeout=60_000)
    window.close()
    qtbot.waitUntil(lambda: everything.loop.codes == [0], timeout=60_000)

    run = Run.open(tmp_path / "run")
    saved = run.latest_checkpoint()
    header = read_header(saved)
    assert not run.broke_off() and header.config.preset == "4m" and header.updates >= 2
    straight = trained_straight_to(header.env_steps, header.updates, run.config, tmp_path / "straight")
    assert read_header(straight).normaliser == header.normaliser
    ours, theirs = safetensors.torch.load_file(saved), safetensors.torch.load_file(straight)
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)


def test_reality_and_belief_on_show_are_those_of_the_game(
    everything: Everything, qtbot: QtBot, checkpoint: Path
) -> None:
    session, window = everything.session, everything.window
    window.files.open_path(checkpoint)
    qtbot.waitUntil(lambda: session.playhead.reel is not None and len(session.playhead.reel) > 5, timeout=30_000)
    session.playhead.seek(3)
    moment = session.playhead.moment
    assert window.reality.frame is moment.step.frame
    assert window.dream.frame is moment.reading.belief
    assert np.isfinite(window.timeline._course.values[:4]).all()
