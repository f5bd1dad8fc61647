"""One episode as the session holds it: its Moments, and the series that a timeline draws."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from dream_viewer.messages.lived import Acted, Arrival, Blinds, Reread
from dream_viewer.playback import Stretch
from trainer.episode import Episode, Moment, Outcome

RECORDS_BYTES = 2560
"""What the records of one Moment take besides pictures and deter: a dozen Python objects and small arrays."""


class Series:
    """A float32 array that grows at its end without copying everything each time."""

    def __init__(self) -> None:
        self._data: NDArray[np.float32] = np.empty(256, np.float32)
        self._length = 0

    def append(self, value: float) -> None:
        """Add one number."""
        if self._length == len(self._data):
            self._data = np.concatenate([self._data, np.empty_like(self._data)])
        self._data[self._length] = value
        self._length += 1

    @property
    def view(self) -> NDArray[np.float32]:
        """(T,) float32, read-only, what was added so far."""
        view = self._data[: self._length]
        view.setflags(write=False)
        return view


class Reel:
    """An episode under the cursor: Steps, how one generation of weights reads them, and series over time.

    Attributes:
        number: running number, below zero of an episode opened from a file; unique as long as the window lives.
        episode: the Steps and how they ended.
        generation: of the weights whose Readings are shown.
        moments: one a Step.
        bookmarks: indices that a person marked.
        stretch: what a person marked to be played again and again.
        played: first and last index of each stretch of steps at which a person acted, in order of time.
    """

    def __init__(self, first: Arrival) -> None:
        self.number = first.number
        self.episode = Episode(first.game, first.difficulty, first.split, first.level_seed)
        self.generation = first.generation
        self.moments: list[Moment] = []
        self.bookmarks: set[int] = set()
        self.stretch: Stretch | None = None
        self.played: list[tuple[int, int]] = []
        self._rewards = Series()
        self._returns = Series()
        self._values = Series()
        self._surprises = Series()
        self.extend(first)

    def __len__(self) -> int:
        return len(self.moments)

    @property
    def last(self) -> int:
        """Index of the last Moment."""
        return len(self.moments) - 1

    @property
    def outcome(self) -> Outcome | None:
        """How it ended; None while it goes on."""
        return self.episode.outcome

    @property
    def rewards(self) -> NDArray[np.float32]:
        """(T,) float32, received on arriving at each Step."""
        return self._rewards.view

    @property
    def returns(self) -> NDArray[np.float32]:
        """(T,) float32, sum of the rewards up to each Step."""
        return self._returns.view

    @property
    def values(self) -> NDArray[np.float32]:
        """(T,) float32, predicted value at each Step; NaN where there is no Reading (the end step)."""
        return self._values.view

    @property
    def surprises(self) -> NDArray[np.float32]:
        """(T,) float32, surprise at each Step in nats; NaN where it is undefined (first step, end step)."""
        return self._surprises.view

    @property
    def nbytes(self) -> int:
        """What the Moments take in memory at most, in bytes: frame, belief and dream along reality of each."""
        read = next((moment for moment in self.moments if moment.reading is not None), None)
        if read is None or read.reading is None:
            return 0
        return len(self) * (3 * read.step.frame.nbytes + read.reading.deter.nbytes + RECORDS_BYTES)

    def extend(self, arrival: Arrival) -> None:
        """Append what was lived since.

        Raises:
            ValueError: the Moments do not continue this episode where it stands.
        """
        if arrival.number != self.number or arrival.start != len(self.moments):
            raise ValueError(
                f"moments {arrival.start}.. of episode {arrival.number} do not continue "
                f"episode {self.number} at {len(self.moments)}"
            )
        self.generation = arrival.generation
        for moment in arrival.moments:
            self.moments.append(moment)
            self.episode.steps.append(moment.step)
            self._rewards.append(moment.step.reward)
            total = float(self._returns.view[-1]) if len(self._returns.view) else 0.0
            self._returns.append(total + moment.step.reward)
            self._add_reading(moment)
            if moment.step.by_person:
                self._add_played(len(self) - 1)
        self.episode.outcome = arrival.outcome

    def revise(self, acted: Acted) -> None:
        """Take what a person did at a Step for what the agent would have done."""
        moment = self.moments[acted.index]
        step = replace(moment.step, action=acted.action, by_person=True)
        self.episode.steps[acted.index] = step
        self.moments[acted.index] = replace(moment, step=step)
        self._add_played(acted.index)

    def whole(self) -> Arrival:
        """The episode as it stands, to be handed to another thread."""
        episode = self.episode
        return Arrival(
            number=self.number,
            game=episode.game,
            difficulty=episode.difficulty,
            split=episode.split,
            level_seed=episode.level_seed,
            generation=self.generation,
            start=0,
            moments=tuple(self.moments),
            outcome=episode.outcome,
        )

    def replace_readings(self, reread: Reread) -> None:
        """Take the Readings of another generation for all Moments.

        Raises:
            ValueError: they do not cover the episode as it stands: past and present weights never mix.
        """
        if len(reread.moments) != len(self.moments):
            raise ValueError(f"{len(reread.moments)} readings for an episode of {len(self.moments)} steps")
        self.generation = reread.generation
        self.moments = list(reread.moments)
        self._values, self._surprises = Series(), Series()
        for moment in self.moments:
            self._add_reading(moment)

    def drop_blinds(self) -> None:
        """Forget the dream along reality: another one is wanted."""
        self.moments = [Moment(moment.step, moment.reading, None) for moment in self.moments]

    def replace_blinds(self, blinds: Blinds) -> bool:
        """Take another dream along reality for some Moments; says whether it belongs to the present Readings."""
        if blinds.generation != self.generation or blinds.start + len(blinds.blinds) > len(self.moments):
            return False
        for index, blind in enumerate(blinds.blinds, blinds.start):
            moment = self.moments[index]
            self.moments[index] = Moment(moment.step, moment.reading, blind)
        return True

    def _add_played(self, index: int) -> None:
        first, last = self.played[-1] if self.played else (index, index - 1)
        if index == last + 1:
            self.played[-1:] = [(first, index)]
        else:
            self.played.append((index, index))

    def _add_reading(self, moment: Moment) -> None:
        reading = moment.reading
        self._values.append(np.nan if reading is None else reading.value)
        undefined = reading is None or reading.surprise is None
        self._surprises.append(np.nan if undefined else reading.surprise)  # type: ignore[union-attr, arg-type]
