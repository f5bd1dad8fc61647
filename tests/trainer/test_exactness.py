"""The promise of a run: its seed decides every bit, and being killed costs nothing but time."""

from __future__ import annotations

import dataclasses
import json
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from tests.trainer.loop_support import TINY, copied, differing, driven, rows_without_time
from trainer.agent.agent import Agent
from trainer.envs.procgen import ProcgenVector
from trainer.loop import TrainingLoop
from trainer.process import use_threads
from trainer.randomness import torch_generator

N = 12
"""Updates to the save that is resumed; each run makes twice as many."""

CONFIG = TINY.replace(
    game="bossfight",
    train_ratio=6,
    batch_length=8,
    log_every_updates=5,
    save_every_updates=N,
    evaluate_every_updates=N,
    evaluate_episodes=1,
)
"""Real Procgen, its shortest game; a row of metrics is half full when the run is killed."""

ROOT = Path(__file__).parents[2]

KILLED_AT = """
import json, os, signal, sys
from pathlib import Path
from tests.trainer.loop_support import driven
from trainer.config import Config
from trainer.events import Saved
from trainer.loop import TrainingLoop

folder, settings, updates, saved = Path(sys.argv[1]), json.loads(sys.argv[2]), int(sys.argv[3]), sys.argv[4] == "saved"
loop = TrainingLoop(Config(**settings), folder)
for event in driven(loop, lambda loop: False, record=True):
    if loop.updates == updates and (isinstance(event, Saved) or not saved):
        os.kill(os.getpid(), signal.SIGKILL)
"""


@dataclass
class Outcome:
    """All that two runs of one seed must have in common."""

    tensors: dict[str, Tensor]
    replay: str
    rows: list[dict[str, Any]]


def outcome(loop: TrainingLoop, updates: int = 2 * N) -> Outcome:
    """Drives a loop to its end at `updates`."""
    replay = ""
    for _ in driven(loop, lambda loop: loop.updates >= updates, record=True):
        replay = loop.replay.digest() if loop.updates >= updates and not replay else replay
    return Outcome(copied(loop.learner.state_tensors()), replay, rows_without_time(loop.folder.path))


def same(ours: Outcome, theirs: Outcome) -> None:
    assert differing(ours.tensors, theirs.tensors) == []
    assert ours.replay == theirs.replay
    assert ours.rows == theirs.rows


@pytest.fixture(scope="module")
def straight(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """The run that nothing happens to."""
    return outcome(TrainingLoop(CONFIG, tmp_path_factory.mktemp("straight") / "run"))


def test_what_is_compared_can_differ(straight: Outcome, tmp_path: Path) -> None:
    other = outcome(TrainingLoop(CONFIG.replace(seed=1), tmp_path / "run"), updates=N)
    assert differing(straight.tensors, other.tensors) != []
    assert straight.replay != other.replay
    assert {"metrics", "evaluation", "episode"} == {row["kind"] for row in straight.rows}
    assert straight.rows[: len(other.rows)] != other.rows


def test_the_same_seed_gives_the_same_bits_with_a_player_beside_it(straight: Outcome, tmp_path: Path) -> None:
    torch.manual_seed(1)
    stop = threading.Event()
    player = threading.Thread(target=play_until, args=(stop,))
    player.start()
    try:
        same(straight, outcome(TrainingLoop(CONFIG, tmp_path / "run")))
    finally:
        stop.set()
        player.join()


def play_until(stop: threading.Event) -> None:
    """What a window does meanwhile: an agent of its own plays a game of its own, and draws from torch's generator."""
    use_threads(1)
    agent = Agent(CONFIG.size)
    env = ProcgenVector("coinrun")
    latent, action, step = agent.initial(1), torch.zeros(1, dtype=torch.int64), 0
    while not stop.is_set():
        shown = env.current()
        generator = torch_generator(0, "player", step)
        latent, action = agent.act(latent, action, shown.frame, torch.from_numpy(shown.is_first), generator)
        env.step(action.numpy())
        torch.rand(3)
        step += 1
    env.close()


@pytest.mark.parametrize(("updates", "moment"), [(N, "saved"), (N + 7, "between saves")])
def test_a_killed_run_goes_on_to_the_bit(straight: Outcome, tmp_path: Path, updates: int, moment: str) -> None:
    folder = tmp_path / "run"
    settings = json.dumps(dataclasses.asdict(CONFIG))
    command = [sys.executable, "-c", KILLED_AT, str(folder), settings, str(updates), moment]
    killed = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=120)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    loop = TrainingLoop(resume=folder)
    assert loop.folder.broke_off() is False, "it is locked now"
    same(straight, outcome(loop))
