"""A Moment as a line of text to send to others: game, level, step and the checkpoint that was on show. No Qt here."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import cast

from trainer.config import GAMES
from trainer.episode import Episode, Split
from trainer.errors import UserError
from trainer.levels import LEVEL_LIMIT

SCHEME = "dream-agent:"
"""What every link begins with."""
_LINK = re.compile(
    rf"{SCHEME}//(?P<game>[a-z]+)/(?P<difficulty>easy|hard)/(?P<split>train|unseen)/(?P<level>\d{{1,10}})"
    r"\?step=(?P<step>\d{1,6})(&checkpoint=(?P<checkpoint>[0-9a-f]{16}))?",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Link:
    """Where to go.

    Attributes:
        game, difficulty, split, level_seed: the level.
        step: 0-based.
        checkpoint: `AgentInfo.fingerprint` of the agent on show; empty for weights that were in no file yet.
    """

    game: str
    difficulty: str
    split: Split
    level_seed: int
    step: int
    checkpoint: str

    @classmethod
    def to(cls, episode: Episode, step: int, checkpoint: str) -> Link:
        """A link to a step of an episode, 0-based."""
        return cls(episode.game, episode.difficulty, episode.split, episode.level_seed, step, checkpoint)

    @property
    def text(self) -> str:
        """The link as it is copied."""
        where = f"{SCHEME}//{self.game}/{self.difficulty}/{self.split}/{self.level_seed}?step={self.step}"
        return f"{where}&checkpoint={self.checkpoint}" if self.checkpoint else where


def parse_link(text: str) -> Link:
    """Read what `Link.text` wrote.

    Raises:
        UserError: it is none.
    """
    found = _LINK.fullmatch(text.strip())
    if found is None or found["game"] not in GAMES or int(found["level"]) >= LEVEL_LIMIT:
        raise UserError(f"That is no link to a moment; one begins with {SCHEME}// and is copied with Ctrl+Shift+C.")
    return Link(
        game=found["game"],
        difficulty=found["difficulty"],
        split=cast("Split", found["split"]),
        level_seed=int(found["level"]),
        step=int(found["step"]),
        checkpoint=found["checkpoint"] or "",
    )
