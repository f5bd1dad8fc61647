"""What a person orders of a worker: which levels to play, what to train, what to draw."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from dream_viewer.messages.agents import AgentInfo
from dream_viewer.messages.lived import Arrival
from trainer.config import Config
from trainer.episode import Split


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """A picture, film or table that a person asked for.

    Attributes:
        path: its ending says what. arrival: the whole episode with its Readings, as far as it went.
        index: of the Moment, for a picture. horizon: frames from look to look, and of each future.
        agent: whose Readings they are. other: a second agent that is compared with it; None: nothing is compared.
        bookmarks: steps a person marked. fan: what many futures promise is drawn on the timeline.
        mode: what the dream pane shows. ahead: 0-based frame of the future that it shows, for a picture in that mode.
    """

    path: Path
    arrival: Arrival
    index: int
    horizon: int
    agent: AgentInfo
    other: AgentInfo | None = None
    bookmarks: tuple[int, ...] = ()
    fan: bool = True
    mode: Literal["belief", "dream", "future"] = "dream"
    ahead: int = 0


@dataclass(frozen=True, slots=True)
class LevelChoice:
    """Which levels to play.

    Attributes:
        split: train or unseen levels.
        level_seed: this level again and again, whatever the split; None for another level of the split each time.
        first: this level once, before the others.
    """

    split: Split = "unseen"
    level_seed: int | None = None
    first: int | None = None


@dataclass(frozen=True, slots=True)
class TrainingRequest:
    """What to train.

    Attributes:
        config: settings of the run; of a resumed run only as the form shows them: the run's own hold.
        source: a checkpoint whose weights to start from; None starts from zero.
        resume: a run's folder to go on with, exactly; excludes source.
        run_dir: where to put a new run; None for the person's data folder.
    """

    config: Config
    source: Path | None = None
    resume: Path | None = None
    run_dir: Path | None = None
