"""Episodes as small files: what gives an episode, and the fingerprints that prove it came out the same.

A recording is one JSON text: level seed, options, actions, rewards and frame hashes. It holds neither pixels nor a
simulator's bytes, so it opens on any machine, where the game is played again; see `restoring`. A file may come from
anybody: its size and every field are checked before anything is made of it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn, TypeGuard, cast

import numpy as np

from trainer.config import GAMES
from trainer.envs.protocol import NUM_ACTIONS
from trainer.envs.replaying import ReplayDiffers, Rerun
from trainer.envs.viewer import MakeEnv, ViewerEnv
from trainer.episode import RECORDING_SUFFIX, Episode, Outcome, Split, Step, frame_hash, frozen
from trainer.errors import UserError
from trainer.safe_writing import write_safely
from trainer.small_files import read_small_file

FORMAT = 2
"""Version of the format; files of a later one are refused. Those of version 1 do not tell what a person played."""
LARGEST_FILE = 4 * 2**20
"""Bytes; the longest episode of any game takes a tenth of it."""
MOST_STEPS = 20_000
"""Steps; the longest episode of any game has 6,000."""
STEPS_TOGETHER = 32
"""Steps hashed or played before others get a turn: some milliseconds."""
_KEY = "dream_agent_recording"
_PLAYED = "list of what a person played"
_LEVELS = 2**31 - 1
_LARGEST_REWARD = 1e9
_HASH = re.compile(r"[0-9a-f]{16}")


@dataclass(frozen=True, slots=True)
class Recording:
    """What gives an episode of T steps.

    Attributes:
        game, difficulty, split, level_seed: the level.
        actions: one a step but the end step; where the episode goes on, the last one was chosen and not taken yet.
        rewards: T, received on arriving at each step.
        hashes: `frame_hash` of each step's frame but the end step's.
        outcome: how it ended; None where it goes on.
        played: first and last index of each stretch of steps at which a person acted, in order of time; at all others
            the agent did.
    """

    game: str
    difficulty: str
    split: Split
    level_seed: int
    actions: tuple[int, ...]
    rewards: tuple[float, ...]
    hashes: tuple[str, ...]
    outcome: Outcome | None
    played: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Restored:
    """A recording played again.

    Attributes:
        episode: its steps, as far as they come out as recorded.
        differs: one sentence where they do not all; empty otherwise.
    """

    episode: Episode
    differs: str


Keep = Callable[[int, ViewerEnv], None]
"""Called with each step's index and the game as it stands there."""


def recording_of(episode: Episode) -> Generator[None, None, Recording]:
    """The recording of an episode that does not grow meanwhile; hashing it is done in parts.

    Args:
        episode: with one step at least.
    """
    hashes: list[str] = []
    for step in episode.steps:
        if not step.is_last:
            hashes.append(frame_hash(step.frame))
            if len(hashes) % STEPS_TOGETHER == 0:
                yield
    return Recording(
        game=episode.game,
        difficulty=episode.difficulty,
        split=episode.split,
        level_seed=episode.level_seed,
        actions=tuple(episode.actions),
        rewards=tuple(float(step.reward) for step in episode.steps),
        hashes=tuple(hashes),
        outcome=episode.outcome,
        played=_stretches([step.by_person for step in episode.steps]),
    )


def _stretches(marked: Sequence[bool]) -> tuple[tuple[int, int], ...]:
    """First and last index of each run of True."""
    edges = np.flatnonzero(np.diff([False, *marked, False])).tolist()
    return tuple((first, beyond - 1) for first, beyond in zip(edges[::2], edges[1::2], strict=True))


def save_recording(path: Path, recording: Recording) -> None:
    """Write a recording, whole or not at all.

    Raises:
        UserError: the disk refuses; a file of that name is left as it was.
    """
    fields = {name: getattr(recording, name) for name in recording.__slots__}
    text = json.dumps({_KEY: FORMAT, **fields}, allow_nan=False) + "\n"
    write_safely(path, lambda temporary: _write(temporary, text))


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def read_recording(path: Path) -> Recording:
    """Read a recording and check it; no game is started.

    Raises:
        UserError: no such file, damaged, hostile, of a later version or no recording at all.
    """
    fields = _parsed(path)
    version = fields.get(_KEY)
    if not _is_count(version) or version < 1:
        raise UserError(f"{path}: was not recorded by Dream Agent; choose a {RECORDING_SUFFIX} file of its own.")
    if version > FORMAT:
        raise UserError(f"{path}: has format {version}, this program reads up to {FORMAT}; update Dream Agent.")

    def damaged(name: str) -> NoReturn:
        raise UserError(f"{path}: is damaged, its {name} makes no sense; choose another recording.")

    def word(name: str, known: tuple[Any, ...]) -> Any:
        value = fields.get(name)
        return value if value in known else damaged(name)

    def row(name: str, fits: Callable[[Any], bool], length: int) -> tuple[Any, ...]:
        values = fields.get(name)
        if not isinstance(values, list) or len(values) != length or not all(map(fits, values)):
            damaged(name)
        return tuple(values)

    def played(length: int) -> tuple[tuple[int, int], ...]:
        values, free = fields.get("played"), 0
        if not isinstance(values, list):
            damaged(_PLAYED)
        for value in values:
            if not isinstance(value, list) or len(value) != 2 or not all(map(_is_count, value)):
                damaged(_PLAYED)
            if not free <= value[0] <= value[1] < length:
                damaged(_PLAYED)
            free = value[1] + 2  # closer than that they would be one
        return tuple((first, last) for first, last in values)

    rewards = fields.get("rewards")
    steps = len(rewards) if isinstance(rewards, list) else 0
    level_seed, outcome = fields.get("level_seed"), cast("Outcome | None", fields.get("outcome"))
    word("outcome", ("won", "lost", "timeout", None))
    shown = steps if outcome is None else steps - 1
    if not 1 <= shown < MOST_STEPS:
        damaged("length")
    if not _is_count(level_seed) or level_seed >= _LEVELS:
        damaged("level_seed")
    return Recording(
        game=word("game", GAMES),
        difficulty=word("difficulty", ("easy", "hard")),
        split=word("split", ("train", "unseen")),
        level_seed=level_seed,
        actions=row("actions", lambda value: _is_count(value) and value < NUM_ACTIONS, shown),
        rewards=tuple(map(float, row("rewards", _is_reward, steps))),
        hashes=row("hashes", lambda value: isinstance(value, str) and bool(_HASH.fullmatch(value)), shown),
        outcome=outcome,
        played=() if version == 1 else played(shown),
    )


def _parsed(path: Path) -> dict[str, Any]:
    data = read_small_file(path, LARGEST_FILE, f"choose a {RECORDING_SUFFIX} file")
    try:
        fields = json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise UserError(f"{path}: is damaged or no recording; choose another {RECORDING_SUFFIX} file.") from error
    if not isinstance(fields, dict):
        raise UserError(f"{path}: is no recording; choose a {RECORDING_SUFFIX} file.")
    return fields


def _is_count(value: Any) -> TypeGuard[int]:
    return type(value) is int and value >= 0


def _is_reward(value: Any) -> bool:
    return type(value) in (int, float) and abs(value) <= _LARGEST_REWARD


def restoring(recording: Recording, make_env: MakeEnv, keep: Keep) -> Generator[None, None, Restored]:
    """Play a recorded episode again, in parts.

    Args:
        recording: what to play. make_env: makes the game. keep: is told of every step that came out as recorded.

    Returns:
        The episode up to the first step that comes out different here; the whole one where none does.

    Raises:
        ReplayDiffers: not even the first frame is the recorded one.
    """
    rec = recording
    episode = Episode(rec.game, rec.difficulty, rec.split, rec.level_seed)
    again = Rerun(rec.game, rec.difficulty, rec.level_seed, rec.actions, rec.hashes, make_env)
    try:
        differs = yield from _replaying(rec, again, episode, keep)
    except ReplayDiffers:
        differs = _differs(rec, len(episode.steps))
    finally:
        again.close()
    return Restored(episode, differs)


def _replaying(rec: Recording, again: Rerun, episode: Episode, keep: Keep) -> Generator[None, None, str]:
    steps, shown = episode.steps, len(rec.hashes)
    by_person = {t for first, last in rec.played for t in range(first, last + 1)}
    while True:
        frame, t = frozen(np.array(again.frame)), len(steps)
        if t and again.reward != rec.rewards[t]:
            return _differs(rec, t)
        steps.append(Step(frame, rec.rewards[t], rec.actions[t], t == 0, False, False, rec.level_seed, t in by_person))
        keep(t, again.env)
        if t + 1 == shown:
            break
        again.step()
        if (t + 1) % STEPS_TOGETHER == 0:
            yield
    if rec.outcome is None:
        return ""
    again.step()
    if again.outcome != rec.outcome or again.reward != rec.rewards[-1]:
        return _differs(rec, shown)
    terminal = rec.outcome != "timeout"
    steps.append(Step(frame, rec.rewards[-1], None, False, True, terminal, rec.level_seed))
    episode.outcome = rec.outcome
    return ""


def _differs(rec: Recording, step: int) -> str:
    return (
        f"This recording of {rec.game}, level {rec.level_seed}, comes out different here from step {step} on; "
        "only what was before can be shown and forked."
    )
