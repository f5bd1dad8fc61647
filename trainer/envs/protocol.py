"""What the training loop, the player and the evaluation know of an environment; N environments step as one vector.

Procgen resets inside `step`, so the frame that opens an episode arrives together with how the last one ended.
A :class:`StepBatch` keeps the two apart: where `is_first` is set, `frame` and `level_seed` belong to the new episode,
`reward`, `ended_terminal` and `ended_won` to the old one. Its last frame is never shown; whoever records episodes
closes the old one with a step that repeats the frame before.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import struct
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from trainer.errors import UserError

NUM_ACTIONS = 15
"""Actions of every game, as Procgen counts them."""

_MAGIC = b"DASNAP01"
_DIGEST_BYTES = 32
_HEADER_LENGTH = struct.Struct("<I")


@dataclass(frozen=True, slots=True)
class StepBatch:
    """What N environments show after one step (or before any).

    Attributes:
        frame: (N, 64, 64, 3) uint8, what each game shows now.
        reward: (N,) float32, of the step just taken; where `is_first`, of the episode that just ended. 0 before any.
        is_first: (N,) bool, the frame opens a new episode.
        ended_terminal: (N,) bool, an episode just ended by a win or a death, not by its time limit.
        ended_won: (N,) bool, an episode just ended and its level was completed.
        level_seed: (N,) int32, of the level that `frame` shows.
    """

    frame: NDArray[np.uint8]
    reward: NDArray[np.float32]
    is_first: NDArray[np.bool_]
    ended_terminal: NDArray[np.bool_]
    ended_won: NDArray[np.bool_]
    level_seed: NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One game as it stands: the simulator's bytes and what the adapter knows beside them.

    The simulator reads sizes from its bytes unchecked and ends the process over a mismatch, so the stamp (`game`,
    `difficulty`, `version`) is compared before the bytes reach it, and a stored snapshot carries a keyed digest.

    Attributes:
        game, difficulty: what was played.
        version: of the simulator that wrote `state`.
        state: the simulator's own bytes, its random generators included.
        level_seed: of the level on show.
        elapsed: steps taken in the episode on show.
        reward, is_first, ended_terminal, ended_won: what the StepBatch said when the snapshot was taken.
        counted: the episode on show is one of the vector's fixed sequence of levels.
        dealt: levels of that sequence given out so far by the whole vector.
    """

    game: str
    difficulty: str
    version: str
    state: bytes
    level_seed: int
    elapsed: int
    reward: float
    is_first: bool
    ended_terminal: bool
    ended_won: bool
    counted: bool = False
    dealt: int = 0

    def to_bytes(self, key: bytes) -> bytes:
        """The snapshot for a run's folder: magic, header length, JSON header, simulator bytes, keyed BLAKE2b digest.

        Args:
            key: secret of this user on this machine, at most 64 bytes; without it nobody can write a snapshot that
                `from_bytes` takes.
        """
        fields = asdict(self)
        state: bytes = fields.pop("state")
        header = json.dumps(fields).encode()
        body = _MAGIC + _HEADER_LENGTH.pack(len(header)) + header + state
        return body + _digest(body, key)

    @classmethod
    def from_bytes(cls, data: bytes, key: bytes) -> Snapshot:
        """Read what `to_bytes` wrote with the same key.

        Raises:
            UserError: the bytes are damaged, or were written elsewhere.
        """
        body, digest = data[:-_DIGEST_BYTES], data[-_DIGEST_BYTES:]
        if not body.startswith(_MAGIC) or not hmac.compare_digest(digest, _digest(body, key)):
            raise UserError(
                "The stored game states are damaged or were written on another machine; "
                "start a new run from the checkpoint's weights with --from."
            )
        (length,) = _HEADER_LENGTH.unpack_from(body, len(_MAGIC))
        start = len(_MAGIC) + _HEADER_LENGTH.size
        fields = json.loads(body[start : start + length])
        return cls(state=body[start + length :], **fields)


def _digest(body: bytes, key: bytes) -> bytes:
    return hashlib.blake2b(body, digest_size=_DIGEST_BYTES, key=key).digest()


def outcomes(snapshots: Sequence[Snapshot]) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any], NDArray[Any]]:
    """What the StepBatch said when N snapshots were taken: (N,) reward, is_first, ended_terminal, ended_won."""
    return (
        np.array([snapshot.reward for snapshot in snapshots], np.float32),
        np.array([snapshot.is_first for snapshot in snapshots], np.bool_),
        np.array([snapshot.ended_terminal for snapshot in snapshots], np.bool_),
        np.array([snapshot.ended_won for snapshot in snapshots], np.bool_),
    )


class VectorEnv(Protocol):
    """N games that step together. One thread at a time may use a vector; it does not survive a fork."""

    @property
    def num_envs(self) -> int:
        """How many games."""
        ...

    @property
    def num_actions(self) -> int:
        """How many actions each has."""
        ...

    @property
    def counted(self) -> NDArray[np.bool_]:
        """(N,) bool: the episode on show is one of the fixed sequence of levels; all False without a sequence."""
        ...

    def current(self) -> StepBatch:
        """What is on show, without a step: all `is_first` at the very start."""
        ...

    def step(self, actions: NDArray[np.integer[Any]]) -> StepBatch:
        """Take one step in every game.

        Args:
            actions: (N,) integers from 0 to num_actions - 1.

        Raises:
            ValueError: another shape, or an action out of range.
        """
        ...

    def snapshot(self) -> list[Snapshot]:
        """Every game as it stands."""
        ...

    def restore(self, snapshots: Sequence[Snapshot]) -> StepBatch:
        """Put one snapshot into each slot (the same one into all is fine) and return what is on show then.

        Raises:
            ValueError: not one snapshot per slot.
            UserError: a snapshot of another game, difficulty or simulator.
        """
        ...

    def close(self) -> None:
        """Free the simulator; harmless the second time."""
        ...
