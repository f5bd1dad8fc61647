"""The 15 actions: their names, their keys, and which of them do anything different in a game.

What an action does is found out, not guessed: the simulator is put into the same state once per action, and what it
shows afterwards is compared.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable
from contextlib import ExitStack
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trainer.envs.procgen import ProcgenVector
from trainer.envs.protocol import NUM_ACTIONS, Snapshot
from trainer.randomness import numpy_generator

NO_OP = 4
"""The action that presses no key."""

PROBES = 240
"""States in which the actions are tried: enough to come by coinrun's crates, on which alone down does anything."""

_GROUPS: dict[tuple[str, str, int], tuple[tuple[int, ...], ...]] = {}


@dataclass(frozen=True, slots=True)
class Action:
    """One of the 15 actions.

    Attributes:
        index: as Procgen counts.
        name: for people.
        keys: pressed together: LEFT, RIGHT, UP, DOWN, or a letter.
    """

    index: int
    name: str
    keys: frozenset[str]


_COMBINATIONS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("left + down", ("LEFT", "DOWN")),
    ("left", ("LEFT",)),
    ("left + up", ("LEFT", "UP")),
    ("down", ("DOWN",)),
    ("no key", ()),
    ("up", ("UP",)),
    ("right + down", ("RIGHT", "DOWN")),
    ("right", ("RIGHT",)),
    ("right + up", ("RIGHT", "UP")),
    ("D", ("D",)),
    ("A", ("A",)),
    ("W", ("W",)),
    ("S", ("S",)),
    ("Q", ("Q",)),
    ("E", ("E",)),
)

_WAIT = 2
"""Steps without a key after an action: some show only then."""

ACTIONS: tuple[Action, ...] = tuple(
    Action(index, name, frozenset(keys)) for index, (name, keys) in enumerate(_COMBINATIONS)
)
"""All actions in Procgen's order."""


def action_for_keys(pressed: Iterable[str]) -> int:
    """The action that uses most of the pressed keys; among equals the first, so arrows go before letters.

    Args:
        pressed: names as in Action.keys; others are ignored.
    """
    keys = frozenset(pressed)
    fitting = [action for action in ACTIONS if action.keys <= keys]
    return max(fitting, key=lambda action: (len(action.keys), -action.index)).index


def action_classes(game: str, difficulty: str = "easy", probes: int = PROBES) -> tuple[tuple[int, ...], ...]:
    """Actions grouped by effect: those in a group showed the same frames wherever they were tried.

    Sixteen games are walked through by a random policy that favours holding an action; at each probe one of their
    states is put into 15 games, each of which takes its own action and then waits. Two actions are called the same
    where no probe told them apart: few probes may miss a rare effect, none invents one. The draws are fixed, so the
    answer is always the same.

    Args:
        game, difficulty: as in ProcgenVector.
        probes: states tried, about 5 ms each.

    Returns:
        The groups; in each, the action with the fewest keys first. No key's own group is therefore led by NO_OP.

    Raises:
        UserError: an unknown game or difficulty.
    """
    job = grouping_actions(game, difficulty, probes)
    while True:
        try:
            next(job)
        except StopIteration as end:
            groups: tuple[tuple[int, ...], ...] = end.value
            return groups


def grouping_actions(
    game: str, difficulty: str = "easy", probes: int = PROBES
) -> Generator[None, None, tuple[tuple[int, ...], ...]]:
    """`action_classes`, giving others a turn after each probe; what was found out once is known from then on.

    Whoever gives up in the middle may go on with it later: the generator can be kept.
    """
    known = _GROUPS.get((game, difficulty, probes))
    if known is not None:
        return known
    draws = numpy_generator(0, "action probes")
    labels = np.zeros(NUM_ACTIONS, np.int64)
    with ExitStack() as games:
        walkers = ProcgenVector(game, difficulty, num_envs=16, first_level=0, num_levels=200, seed=0)
        games.callback(walkers.close)
        yield
        trial = ProcgenVector(game, difficulty, num_envs=NUM_ACTIONS)
        games.callback(trial.close)
        yield
        held = draws.integers(NUM_ACTIONS, size=walkers.num_envs)
        snapshots: list[Snapshot] = []
        for probe in range(probes):
            slot = probe % walkers.num_envs
            if slot == 0:
                for _ in range(6):
                    change = draws.random(walkers.num_envs) < 0.3
                    held = np.where(change, draws.integers(NUM_ACTIONS, size=walkers.num_envs), held)
                    walkers.step(held)
                snapshots = walkers.snapshot()
                yield
            labels = _split(labels, _try_all(trial, snapshots[slot]))
            yield
    groups: dict[int, list[int]] = {}
    for action, label in enumerate(labels):
        groups.setdefault(int(label), []).append(action)
    simplest_first = (sorted(group, key=lambda index: (len(ACTIONS[index].keys), index)) for group in groups.values())
    found = tuple(sorted((tuple(group) for group in simplest_first), key=lambda group: group[0]))
    _GROUPS[game, difficulty, probes] = found
    return found


def distinct_actions(game: str, difficulty: str = "easy") -> list[int]:
    """One action of each group of `action_classes`, in order: those worth showing to a person."""
    return [group[0] for group in action_classes(game, difficulty)]


def _try_all(trial: ProcgenVector, snapshot: Snapshot) -> list[bytes]:
    """What each of the 15 actions leads to from a state: frames and rewards of it and of some waiting after it."""
    trial.restore([snapshot] * NUM_ACTIONS)
    seen: list[list[bytes]] = [[] for _ in range(NUM_ACTIONS)]
    actions: NDArray[np.int64] = np.arange(NUM_ACTIONS)
    for _ in range(1 + _WAIT):
        shown = trial.step(actions)
        for slot, record in enumerate(seen):
            record += [shown.frame[slot].tobytes(), shown.reward[slot].tobytes(), shown.is_first[slot].tobytes()]
        actions = np.full(NUM_ACTIONS, NO_OP)
    return [b"".join(record) for record in seen]


def _split(labels: NDArray[np.int64], outcomes: list[bytes]) -> NDArray[np.int64]:
    """(A,) new labels: equal where the old ones were and the outcomes are."""
    numbers: dict[tuple[int, bytes], int] = {}
    return np.array(
        [
            numbers.setdefault((int(label), outcome), len(numbers))
            for label, outcome in zip(labels, outcomes, strict=True)
        ]
    )
