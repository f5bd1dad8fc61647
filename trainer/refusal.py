"""An update that was refused: its batch is kept for study, and too many in a row end training."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from trainer.errors import UserError
from trainer.replay_batch import Batch
from trainer.run import Run
from trainer.safe_writing import write_safely

REFUSED_IN_A_ROW = 10
"""Refused updates without a good one between after which training gives up."""


@dataclass(frozen=True)
class Refusal:
    """An update whose loss or gradient was not finite; it has left no trace in what is trained.

    Attributes:
        batch: what it was made from. attempt: its number, refused ones counted.
        in_a_row: refused ones without a good one between, this one included. why: the numbers that were not finite.
    """

    batch: Batch
    attempt: int
    in_a_row: int
    why: str

    def keep(self, folder: Run, rank: int = 0) -> Path:
        """Writes the batch into the run's folder, and gives up after too many.

        Args:
            folder: of the run. rank: whose share of the batch it is.

        Raises:
            UserError: the folder cannot be written, or it was the last refusal that training bears with.
        """
        file = folder.batch_file(self.attempt, rank)
        fields = {field.name: getattr(self.batch, field.name) for field in dataclasses.fields(self.batch)}

        def write(temporary: Path) -> None:
            with open(temporary, "wb") as stream:
                np.savez_compressed(stream, **fields)

        write_safely(file, write)
        if self.in_a_row >= REFUSED_IN_A_ROW:
            raise UserError(
                f"{self.in_a_row} updates in a row had a loss or gradient that is not finite ({self.why}); their "
                f"batches are in {file.parent}. A resume would meet them again: start anew with --from "
                f"{folder.latest_checkpoint()} and a lower --lr."
            )
        return file
