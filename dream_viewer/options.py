"""What `view` and `export` were asked for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from trainer.episode import Split


@dataclass(frozen=True, slots=True)
class ViewOptions:
    """The flags of `view`.

    Attributes:
        path: a checkpoint or a run's folder; None opens the window without an agent.
        game, difficulty: to play, in place of those the agent was trained on.
        split: levels to play.
        level: this level again and again.
        mode: what the dream pane shows at first; None as last time.
        screenshot: play some seconds, write the window to this PNG file, leave.
        recording: an episode to show first.
    """

    path: Path | None = None
    game: str | None = None
    difficulty: str | None = None
    split: Split = "unseen"
    level: int | None = None
    mode: str | None = None
    screenshot: Path | None = None
    recording: Path | None = None


@dataclass(frozen=True, slots=True)
class ExportOptions:
    """The flags of `export`.

    Attributes:
        agent: a checkpoint or a run's folder: who plays, or reads the recording; None: the bundled one.
        recording: an episode to draw; None lets the agent play one.
        compare: a second checkpoint or run, which reads the same episode; None: nothing is compared.
        out: the file to write; its ending says what.
        horizon: frames from look to look, and of each imagined future.
        game, difficulty: to play, in place of those the agent was trained on.
        split: levels to play. level: this level.
        steps: that an episode is played at most; None plays it to its end.
        at: the step of a picture; None takes the middle one.
    """

    agent: Path | None
    recording: Path | None
    out: Path
    horizon: int = 15
    game: str | None = None
    difficulty: str | None = None
    split: Split = "unseen"
    level: int | None = None
    steps: int | None = None
    at: int | None = None
    compare: Path | None = None
