"""How long a person waits from `main.py train` to the first update."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import trainer
from trainer.config import Config, config_text
from trainer.errors import UserError
from trainer.metrics import METRICS_NAME

_TRAIN = "import sys; from trainer.cli import main; sys.exit(main())"
_LOOK_EVERY = 0.01  # seconds; how exact the figure is


def first_update_seconds(config: Config, folder: Path) -> float:
    """Seconds from the start of a training's process to the row of its first update; then it is ended.

    Args:
        config: of the training. folder: an empty one for the run and what the process says.

    Raises:
        UserError: the training ended before its first update.
    """
    settings, run, said = folder / "config.yaml", folder / "run", folder / "said"
    settings.write_text(config_text(config.replace(log_every_updates=1)), encoding="utf-8")
    command = [sys.executable, "-c", _TRAIN, "train", "--config", str(settings), "--run_dir", str(run)]
    checkout = str(Path(trainer.__file__).parent.parent)
    path = os.pathsep.join(filter(None, [checkout, os.environ.get("PYTHONPATH")]))
    with open(said, "w", encoding="utf-8") as output:
        start = time.perf_counter()
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env={**os.environ, "PYTHONPATH": path}
        )
        try:
            while not _has_update(run / METRICS_NAME):
                if process.poll() is not None:
                    lines = said.read_text(encoding="utf-8").splitlines() or ["it said nothing"]
                    raise UserError(f"train ended before its first update ({lines[-1]}); try it with these settings.")
                time.sleep(_LOOK_EVERY)
            return time.perf_counter() - start
        finally:
            process.kill()
            process.wait()


def _has_update(metrics: Path) -> bool:
    return metrics.is_file() and '"kind": "metrics"' in metrics.read_text(encoding="utf-8")
