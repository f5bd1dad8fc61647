"""What `view` was asked for."""

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
