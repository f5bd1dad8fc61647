"""Lives Moments with real worker and session until the budget for episodes was filled several times over.

`python -m tests.dream_viewer.memory_probe CHECKPOINT BUDGET FILLINGS` prints JSON: the process's resident bytes when
the budget was full and after each more filling, and the most that episodes which are over ever took of it. A process of
its own, so that nothing freed by others hides growth.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from PyQt6.QtCore import QCoreApplication
from PyQt6.QtTest import QSignalSpy

from dream_viewer.episodes import shelf
from dream_viewer.messages.orders import LevelChoice, TrainingRequest
from dream_viewer.session import Session
from dream_viewer.state.dreaming import DreamMode
from dream_viewer.state.worker_protocols import TrainingWorkerLike
from dream_viewer.workers.player_worker import PlayerWorker
from trainer import resimulation
from trainer.machine import memory_bytes
from trainer.process import give_memory_back, prepare

MANY_FPS = 10_000.0
"""Nobody watches, so as fast as it goes."""
LEVEL = 10_000
MOMENTS = 32
"""How far each level is played: short episodes fill a small budget evenly."""


def no_training(request: TrainingRequest) -> TrainingWorkerLike:
    raise AssertionError(f"nothing is trained here: {request}")


def main(checkpoint: Path, budget: int, fillings: int) -> None:
    prepare(1)
    shelf.BUDGET_BYTES, resimulation.KEYFRAMES_KEPT = budget, 8
    app = QCoreApplication([])
    player = PlayerWorker(device="cpu", dtype="float32")
    session = Session(player, no_training)
    player.start()
    session.casting.open_checkpoint(checkpoint, LevelChoice("unseen", LEVEL))
    session.dreaming.set_mode(DreamMode.DREAM)
    session.start()
    player.set_fps(MANY_FPS)
    resident: list[int] = []
    lived = most = 0
    level = LEVEL
    grew = QSignalSpy(session.playhead.episode_grew)
    while len(resident) <= fillings:
        assert grew.wait(60_000)
        live = session.playhead.reels[-1]
        if live.episode.level_seed != level or len(live) < MOMENTS:
            continue
        most = max(most, sum(reel.nbytes for reel in session.playhead.reels[:-1]))
        lived += live.nbytes
        level += 1
        session.casting.new_level("unseen", level)
        if lived > budget * (len(resident) + 1):
            give_memory_back()  # else what was freed counts, and hides what is not
            resident.append(memory_bytes() or 0)
    session.request_stop()
    assert session.wait_stopped(60_000)
    json.dump({"resident": resident, "most": most}, sys.stdout)
    del app


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
