"""Training in processes of its own: real processes on a real game, at the smallest size."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import safetensors.torch

from tests.trainer.loop_support import differing, rows_without_time
from trainer.checkpoint import read_header
from trainer.config_files import named_config
from trainer.crew import Crew, CrewFailed
from trainer.crew_member import MEETING, Order
from trainer.errors import UserError
from trainer.events import Event, Finished, Progress, Saved, Started
from trainer.loop import TrainingLoop
from trainer.metrics import RunRecorder
from trainer.run import Run

ROOT = Path(__file__).parents[2]
CONFIG = (
    named_config("debug")
    .replace(
        game="leaper",
        total_steps=96,
        video_every=0.0,
        log_every_updates=1,
        save_every_updates=4,
        evaluate_every_updates=0,
    )
    .replace(evaluate_every=0.0)
)
PAIR = CONFIG.replace(processes=2)


def finished(events: list[Event]) -> Finished:
    assert isinstance(events[-1], Finished)
    return events[-1]


def until(condition: Callable[[], bool], otherwise: str) -> None:
    """Asks again and again: nobody tells this process of what others do to files."""
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, otherwise
        time.sleep(0.01)


def is_free(run: Run) -> bool:
    try:
        run.lock()
    except UserError:
        return False
    run.unlock()
    return True


def test_one_process_trains_to_the_bits_of_a_loop(tmp_path: Path) -> None:
    with contextlib.closing(RunRecorder()) as recorder:
        for event in TrainingLoop(CONFIG, tmp_path / "here").run():
            recorder.handle(event)
    crew = Crew(CONFIG, tmp_path / "there")
    events, handed = [], None
    for each in crew.run():
        events.append(each)
        if isinstance(each, Finished):
            handed = crew.hand_over()
    assert isinstance(event, Finished) and handed is not None and handed.updates == event.updates >= 4
    assert crew.config == Run.open(tmp_path / "here").config and crew.folder.path == tmp_path / "there"
    ours, theirs = (safetensors.torch.load_file(end.checkpoint) for end in (finished(events), event))
    assert differing(ours, theirs) == []
    weights = {name: ours[name] for name in handed.tensors}
    assert differing(weights, handed.tensors) == []
    assert rows_without_time(tmp_path / "there") == rows_without_time(tmp_path / "here"), "the crew keeps the records"


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """A run of two processes whose second one was killed after some updates, and what was said of it."""
    folder = tmp_path_factory.mktemp("crew") / "run"
    yield folder, said_when_killed(folder, 1, lambda event: isinstance(event, Progress) and event.updates == 6)


def said_when_killed(folder: Path, rank: int, when: Callable[[Event], bool]) -> str:
    crew = Crew(PAIR.replace(total_steps=10_000), folder)
    with pytest.raises(UserError) as error:
        for event in crew.run():
            if when(event):
                os.kill(crew._processes[rank].pid, signal.SIGKILL)
    assert not any(process.is_alive() for process in crew._processes)
    return str(error.value)


def test_a_process_that_is_killed_ends_the_training_and_says_how_to_go_on(broken: tuple[Path, str]) -> None:
    folder, said = broken
    last = Run.open(folder).latest_checkpoint()
    assert "Another of the 2 processes that train together is gone." in said
    assert str(last) in said and f"--resume {folder}" in said


def test_two_processes_go_on_with_a_run_of_two(broken: tuple[Path, str]) -> None:
    folder, _ = broken
    crew = Crew(resume=folder, total_steps=112)
    events = list(crew.run())
    assert isinstance(events[0], Started) and events[0].updates == 4 and "2 processes" in events[0].summary
    assert finished(events).reason == "complete" and finished(events).env_steps == 112
    assert Run.open(folder).config.processes == 2


def test_the_process_with_the_records_killed_is_told_by_the_other(tmp_path: Path) -> None:
    said = said_when_killed(tmp_path / "run", 0, lambda event: isinstance(event, Saved))
    assert "Process 2 of 2: Another of the 2 processes" in said and f"--resume {tmp_path / 'run'}" in said


@pytest.mark.parametrize("rank", [0, 1])
def test_a_process_killed_before_the_others_meet_it_leaves_nobody_waiting(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, rank: int
) -> None:
    crew = Crew(PAIR, tmp_path / "run")
    launch = crew._launch

    def launch_and_kill(order: Order) -> None:
        launch(order)
        crew._processes[rank].kill()
        crew._processes[rank].join()
        until((order.folder / MEETING).exists, "the other one does not come to the meeting")

    monkeypatch.setattr(crew, "_launch", launch_and_kill)
    with pytest.raises(UserError, match=r"ended without a word \(exit code -9\)\. Nothing was begun"):
        list(crew.run())
    assert not any(process.is_alive() for process in crew._processes)
    assert not (tmp_path / "run").exists()


def test_a_stop_saves_and_ends_and_before_the_beginning_leaves_nothing(tmp_path: Path) -> None:
    crew = Crew(CONFIG.replace(total_steps=10_000), tmp_path / "run")
    events = []
    for event in crew.run():
        events.append(event)
        if isinstance(event, Progress) and event.updates == 2:
            crew.stop()
    assert (finished(events).reason, finished(events).updates) == ("stopped", 2)
    assert not Run.open(tmp_path / "run").broke_off()

    early = Crew(CONFIG, tmp_path / "early")
    early.stop()
    assert list(early.run()) == [] and not (tmp_path / "early").exists()


def test_weights_that_cannot_be_handed_over_end_a_training_that_saves_and_ctrl_c_is_for_its_driver(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    crew = Crew(CONFIG.replace(total_steps=10_000, save_every_updates=0, save_every=0.0), tmp_path / "run")
    launch = crew._launch

    def launch_and_interrupt(order: Order) -> None:
        launch(order)
        for number in (signal.SIGINT, signal.SIGHUP):
            os.kill(crew._processes[0].pid, number)

    monkeypatch.setattr(crew, "_launch", launch_and_interrupt)
    with contextlib.closing(crew.run()) as events, pytest.raises(UserError, match=r"weights\.safetensors: cannot be w"):
        for event in events:
            if isinstance(event, Progress) and event.updates == 3:
                shutil.rmtree(crew._folder)
                crew.hand_over()
    run = Run.open(tmp_path / "run")
    assert '"stopped"' in (run.path / "state.json").read_text()
    assert read_header(run.latest_checkpoint()).updates == 3


def test_what_cannot_be_trained_is_refused_as_by_a_loop(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in use")
    with pytest.raises(UserError, match="is in use already; choose another folder"):
        list(Crew(PAIR, tmp_path).run())
    with pytest.raises(UserError, match="is no run"):
        Crew(resume=tmp_path)


def test_an_error_of_ours_comes_with_its_traceback(broken: tuple[Path, str]) -> None:
    folder, _ = broken
    with pytest.raises(CrewFailed, match="ValueError: give either a config") as error:
        list(Crew(resume=folder, from_checkpoint=folder).run())
    assert "Traceback" in str(error.value.__cause__) and "loop.py" in str(error.value.__cause__)


def test_who_drives_a_crew_need_not_wait_for_torch() -> None:
    seen = "import sys, trainer.cli, trainer.crew, trainer.metrics; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", seen], cwd=ROOT).returncode == 0


ABANDONED = """
import os, sys
from pathlib import Path
from trainer.config_files import named_config
from trainer.crew import Crew
from trainer.events import Progress

if __name__ == "__main__":
    config = named_config("debug").replace(game="leaper", processes=2, save_every_updates=0, save_every=0.0)
    crew = Crew(config.replace(total_steps=100_000), Path(sys.argv[1]))
    if sys.argv[2] == "launched":
        crew._events = lambda: os.kill(os.getpid(), 9)
    for event in crew.run():
        if isinstance(event, Progress) and event.updates == 3:
            os.kill(os.getpid(), 9)
"""


def abandoned(folder: Path, when: str) -> None:
    """A crew whose driver is killed; all that it had in the temporary folder goes."""
    script, temporary = folder / "drive.py", folder / "temporary"
    script.write_text(ABANDONED)
    temporary.mkdir()
    environment = os.environ | {"PYTHONPATH": str(ROOT), "TMPDIR": str(temporary)}
    job = subprocess.run([sys.executable, str(script), str(folder / "run"), when], env=environment)
    assert job.returncode == -signal.SIGKILL
    until(lambda: not any(temporary.glob("dream-agent-*")), "the crew's folder stays behind")


def test_a_crew_whose_driver_is_killed_saves_and_ends(tmp_path: Path) -> None:
    abandoned(tmp_path, "training")
    run = Run.open(tmp_path / "run")
    until(lambda: is_free(run), "the crew lives on")
    assert not run.broke_off() and '"stopped"' in (run.path / "state.json").read_text()
    assert run.latest_checkpoint().name > "step-000000000.safetensors"


def test_a_crew_whose_driver_is_killed_before_it_begins_leaves_nothing(tmp_path: Path) -> None:
    abandoned(tmp_path, "launched")
    assert not (tmp_path / "run").exists()
