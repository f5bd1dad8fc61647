"""Stored snapshots: what goes in comes out, and nothing else is taken for one."""

from __future__ import annotations

import pytest

from trainer.envs.protocol import Snapshot
from trainer.errors import UserError

KEY = bytes(range(32))
SNAPSHOT = Snapshot(
    game="coinrun",
    difficulty="easy",
    version="procgen 1",
    state=b"\x00\xff any bytes",
    level_seed=12,
    elapsed=34,
    reward=0.1,
    is_first=False,
    ended_terminal=True,
    ended_won=False,
    counted=True,
    dealt=5,
)


def test_a_snapshot_survives_storing() -> None:
    assert Snapshot.from_bytes(SNAPSHOT.to_bytes(KEY), KEY) == SNAPSHOT


@pytest.mark.parametrize("position", [0, 9, 40, -40, -1])
def test_one_changed_byte_is_refused(position: int) -> None:
    data = bytearray(SNAPSHOT.to_bytes(KEY))
    data[position] ^= 1
    with pytest.raises(UserError, match="damaged or were written on another machine"):
        Snapshot.from_bytes(bytes(data), KEY)


@pytest.mark.parametrize("length", [0, 1, 31, 32, 60])
def test_a_cut_off_snapshot_is_refused(length: int) -> None:
    with pytest.raises(UserError, match="damaged"):
        Snapshot.from_bytes(SNAPSHOT.to_bytes(KEY)[:length], KEY)


def test_a_snapshot_signed_with_another_key_is_refused() -> None:
    with pytest.raises(UserError, match="another machine"):
        Snapshot.from_bytes(SNAPSHOT.to_bytes(bytes(32)), KEY)
