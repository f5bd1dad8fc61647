"""The dream horizons that are known: of each episode, as far as they were worked out. No Qt here."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from dream_viewer.episodes.reel import Reel
from dream_viewer.messages.questions import HorizonQuestion
from trainer.horizons import LIMIT, Flaw, Horizons, mean_horizon

TOGETHER = 16
"""Starts asked about at a time: as many as are dreamt from as one batch, and soon answered."""

Known = dict[int, tuple[int, Flaw | None]]
"""Frames that held and what broke the dream after them, by start."""


class HorizonBook:
    """Keeps horizons by episode; those that other weights gave are forgotten when an episode was read anew."""

    def __init__(self) -> None:
        self._pages: dict[int, tuple[int, Known]] = {}

    def next_question(self, reel: Reel) -> HorizonQuestion | None:
        """What to ask next of an episode: starts spread evenly over all that are not known yet; None: all are known.

        While an episode goes on, only starts can be judged that a whole dream's length lies behind.
        """
        known = self._known(reel)
        asked = [
            (start, reading)
            for start, moment in enumerate(reel.moments[: _judged(reel)])
            if start not in known and (reading := moment.reading) is not None
        ]
        if not asked:
            return None
        chosen = [asked[place] for place in np.linspace(0, len(asked) - 1, min(TOGETHER, len(asked))).astype(int)]
        starts, readings = zip(*chosen, strict=True)
        first = starts[0]
        return HorizonQuestion(
            reel.number, first, reel.generation, reel.moments[first], reel.episode, tuple(starts), tuple(readings)
        )

    def take(self, question: HorizonQuestion, horizons: Horizons) -> None:
        """Keep an answer."""
        generation, known = self._pages.get(question.number, (question.generation, {}))
        if generation != question.generation:
            known = {}
        rows = zip(horizons.starts.tolist(), horizons.frames.tolist(), horizons.flaws, strict=True)
        known.update({start: (frames, flaw) for start, frames, flaw in rows})
        self._pages[question.number] = (question.generation, known)

    def of(self, reel: Reel) -> Horizons:
        """What is known of an episode, by the weights that read it; in order of time."""
        known = self._known(reel)
        starts = sorted(known)
        return Horizons(
            np.array(starts, np.int64),
            np.array([known[start][0] for start in starts], np.int64),
            tuple(known[start][1] for start in starts),
        )

    def lacking(self, reel: Reel) -> str:
        """Why nothing is known of an episode, in words; empty where something is."""
        if self._known(reel):
            return ""
        return "on its way" if _judged(reel) else f"told {LIMIT} frames later"

    def mean(self, reel: Reel) -> float | None:
        """How many frames its dreams hold on average; None where nothing is known."""
        found = self.of(reel)
        if not len(found.starts):
            return None
        return mean_horizon(found.frames, np.array([flaw is not None for flaw in found.flaws]))

    def count(self, reel: Reel) -> int:
        """How many starts of an episode are known."""
        return len(self._known(reel))

    def keep_only(self, numbers: Collection[int]) -> None:
        """Forget the episodes that are kept no more."""
        self._pages = {number: page for number, page in self._pages.items() if number in numbers}

    def _known(self, reel: Reel) -> Known:
        generation, known = self._pages.get(reel.number, (reel.generation, {}))
        return known if generation == reel.generation else {}


def _judged(reel: Reel) -> int:
    """How many starts of an episode can be judged, from the first on."""
    return len(reel) if reel.outcome is not None else max(0, len(reel) - LIMIT)
