"""The curves of an episode as columns: what happened, who acted, and how one agent or two read it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dream_viewer.episodes.reel import Reel
from dream_viewer.episodes.returns import realised_returns
from dream_viewer.messages.agents import AgentInfo
from dream_viewer.messages.orders import ExportRequest
from dream_viewer.pictures.film_files import write_table
from dream_viewer.records import Course
from dream_viewer.workers.second_look import SecondLook
from trainer.episode import Moment


def course_of(reel: Reel, discount: float) -> Course:
    """An episode as timelines draw it."""
    realised = realised_returns(reel.rewards, reel.values, reel.outcome, discount)
    return Course(
        reel.values,
        reel.rewards,
        realised,
        reel.surprises,
        outcome=reel.outcome,
        bookmarks=tuple(sorted(reel.bookmarks)),
        played=tuple(reel.played),
    )


def write_curves(request: ExportRequest, reel: Reel, second: SecondLook | None) -> None:
    """Write the table that was asked for; each reading's columns say which weights made it.

    Args:
        request: where, and who read the episode. reel: the same episode. second: a second agent that read it, too.

    Raises:
        UserError: the disk refuses.
    """
    info, episode = request.agent, reel.episode
    names = (info.name, "") if second is None else second.names
    course = course_of(reel, info.discount)
    columns: dict[str, NDArray[Any]] = {
        "step": np.arange(len(reel)),
        "action": np.array([-1 if step.action is None else step.action for step in episode.steps]),
        "acted_by": np.array(
            ["" if step.action is None else "person" if step.by_person else "agent" for step in episode.steps]
        ),
        "reward": course.rewards,
        "return": reel.returns,
        "realised_return": course.realised,
        "bookmark": np.isin(np.arange(len(reel)), course.bookmarks).astype(np.int64),
        **_readings("", names[0], reel.moments),
    }
    notes = {
        "game": episode.game,
        "difficulty": episode.difficulty,
        "split": episode.split,
        "level_seed": episode.level_seed,
        "outcome": reel.outcome or "goes on",
        **_weights("", info),
    }
    if second is not None and request.other is not None:
        columns |= _readings("other_", names[1], second.moments)
        notes |= _weights("other_", request.other)
    write_table(request.path, columns, notes)


def _readings(prefix: str, name: str, moments: Sequence[Moment]) -> dict[str, NDArray[Any]]:
    """What one agent made of each Moment, and its name; NaN where there was nothing to see."""
    readings = [moment.reading for moment in moments]
    surprises = [np.nan if r is None or r.surprise is None else r.surprise for r in readings]
    return {
        f"{prefix}agent": np.array([name] * len(readings)),
        f"{prefix}value": np.array([np.nan if r is None else r.value for r in readings], np.float32),
        f"{prefix}continue": np.array([np.nan if r is None else r.continues for r in readings], np.float32),
        f"{prefix}surprise_nats": np.array(surprises, np.float32),
    }


def _weights(prefix: str, info: AgentInfo) -> dict[str, Any]:
    return {
        f"{prefix}checkpoint": info.fingerprint,
        f"{prefix}env_steps": info.env_steps,
        f"{prefix}discount": info.discount,
    }
