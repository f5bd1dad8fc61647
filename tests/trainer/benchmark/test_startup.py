"""The wait for the first update; that it is measured is tested with the whole benchmark."""

from __future__ import annotations

from pathlib import Path

import pytest

from trainer.benchmark.startup import first_update_seconds
from trainer.config import Config
from trainer.errors import UserError


def test_a_training_that_does_not_begin_is_told(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "somebody's").touch()
    config = Config(preset="debug", device="cpu", dtype="float32", threads=1, batch_size=1)
    with pytest.raises(UserError, match=r"ended before its first update .*in use already"):
        first_update_seconds(config, tmp_path)
