"""What the two panes show at the cursor, from records alone. No Qt here."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dream_viewer.messages.futures import Forked, Future, FutureKey
from dream_viewer.pictures.difference import difference_picture, error_percent
from dream_viewer.pictures.film import LEAST_REWARD, LIKELY_END
from dream_viewer.pictures.played_dream import PlayedDream
from dream_viewer.records import Meter, Origin, View
from dream_viewer.words import wording
from dream_viewer.words.numerals import count, counted, decimal, signed
from dream_viewer.words.wording import action_name
from trainer.episode import Moment, Outcome

HOLD_FRAMES = 8
"""Frames for which the last imagined picture stays before a future is shown again from its beginning."""
PLAY_KEYS = "arrows, D A W S Q E"
"""The game's keys."""
AT_REST = f"At rest. Keys: {PLAY_KEYS}; Esc wakes"
"""What is said of reality while a person plays inside the dream."""
DUEL = f"Duel. Keys: {PLAY_KEYS}; Esc gives up"
"""What is said of reality while a person plays a duel."""
FIRST_KEY = Meter("Your first key begins", 0.0, 0.0)
"""What is said of a game that waits for a person."""
LONG_BLIND = 60
"""Frames without a look after which the meter is full: four times what the model was trained to imagine."""
LIVE_PACE = 2.0
"""Pace at which futures are played while the agent acts, as a multiple of the game's own."""


def waiting(text: str) -> View:
    """An empty pane with a message."""
    return View(message=text)


def reality(
    moment: Moment, outcome: Outcome | None, picture: NDArray[np.uint8] | None, human: bool, played: bool = False
) -> View:
    """The reality pane.

    Args:
        moment: under the cursor. outcome: how its episode ended, once it has.
        picture: (512, 512, 3) uint8 human view, None where it is not there yet: the agent's frame stands in.
        human: the human view is wanted. played: a person plays.
    """
    frame = picture if human and picture is not None else moment.step.frame
    origin: Origin = "played" if played else "observed"
    caption = "Reality as people see it" if frame is picture else "Reality as the agent sees it, 64 x 64"
    if played:
        caption = f"Keys: {PLAY_KEYS}; Esc hands back"
    if not moment.step.is_last:
        return View(frame, origin, caption)
    ending = "" if outcome is None else f"{wording.outcome_word(outcome)}\n"
    return View(frame, origin, "Reality: the last frame before the end", f"{ending}{wording.END}")


def belief(moment: Moment) -> View:
    """The dream pane in belief mode."""
    if moment.reading is None:
        return waiting(wording.END)
    return View(moment.reading.belief, "observed", "What the agent thinks it sees")


def dream(moment: Moment) -> View:
    """The dream pane in dream mode: along the actions really taken, with a look at reality now and then."""
    if moment.reading is None:
        return waiting(wording.END)
    if moment.blind is None:
        return View(moment.reading.belief, "observed", "Dream: on its way", "dreaming…")
    age = moment.blind.age
    if age == 0:
        return View(moment.blind.frame, "observed", "Dream: the agent looks at reality")
    return View(moment.blind.frame, "imagined", f"Dream: {counted(age, 'frame')} after a look")


def future(shown: Future, ahead: int) -> View:
    """The dream pane in future mode.

    Args:
        shown: the imagined rollout; its first branch is shown. ahead: 0-based place in it.
    """
    imagined = shown.dream
    steps = imagined.frames.shape[1]
    action = action_name(int(imagined.actions[0, ahead]))
    value = decimal(float(imagined.values[0, ahead]))
    head, words = f"+{ahead + 1} of {steps}", [f"value\u00a0{value}"]
    reward = float(imagined.rewards[0, ahead])
    if abs(reward) >= LEAST_REWARD:
        words.append(f"reward {signed(round(reward, 1))}")
    if imagined.continues[0, ahead] < LIKELY_END:
        words.append("expects the end")
    hint = (
        f"What the agent imagines {counted(ahead + 1, 'frame')} after step {count(shown.key.index)}, once it chose "
        f"{action};\nfrom there on it expects a return of {value}."
    )
    whole, rest = " · ".join([head, action, *words]), " · ".join([head, *words])
    return View(imagined.frames[0, ahead], "imagined", whole, hint=hint, shorter=(rest, " · ".join([head, words[-1]])))


def played_dream(dream: PlayedDream, start: Moment) -> View:
    """The dream pane while a person plays inside it.

    Args:
        dream: as far as it went. start: the Moment that the model saw last.
    """
    if not dream.steps:
        belief = None if start.reading is None else start.reading.belief
        return View(belief, "imagined", "Your dream: the model alone answers", meter=FIRST_KEY)
    step = dream.steps[-1]
    words = [action_name(step.action), f"value {decimal(step.value)}"]
    if abs(step.reward) >= LEAST_REWARD:
        words.append(f"reward {signed(round(step.reward, 1))}")
    if dream.ended:
        words.append("expects the end")
    return View(step.frame, "imagined", " · ".join(words), meter=_blind_meter(dream))


def _blind_meter(dream: PlayedDream) -> Meter:
    blind = len(dream.steps)
    words = [f"{counted(blind, 'frame')} blind"]
    gained = round(sum(step.reward for step in dream.steps if abs(step.reward) >= LEAST_REWARD), 1)
    if gained:
        words.append(f"dreamt return {signed(gained)}")
    share = min(1.0, blind / LONG_BLIND)
    return Meter(" · ".join(words), share, 1 - share)


def no_future(moment: Moment) -> View:
    """The dream pane in future mode while a rollout is being made, or where none can start."""
    if moment.reading is None:
        return waiting(wording.END)
    return View(moment.reading.belief, "observed", "Future: on its way", "imagining…")


def truth(forked: Forked | None, ahead: int) -> NDArray[np.uint8] | None:
    """What really happens so many frames on; None where that is not known, or where the episode is over by then."""
    fork = None if forked is None else forked.fork
    return None if fork is None or ahead >= len(fork.frames) else fork.frames[ahead]


def forked(shown: Forked | None, ahead: int) -> View:
    """The reality pane while a person looks at one frame of a future: the game under the same actions."""
    caption = f"Reality, {counted(ahead + 1, 'frame')} on, under the dreamt actions"
    frame = truth(shown, ahead)
    if frame is not None:
        return View(frame, "forked", caption)
    if shown is None:
        return View(None, "forked", caption, "finding out what really happens…")
    if shown.fork is None:
        return View(None, None, caption, "This game does not repeat itself: there is no truth to compare with.")
    ending = "" if shown.fork.outcome is None else f"{wording.outcome_word(shown.fork.outcome)}\n"
    last = shown.fork.frames[-1] if len(shown.fork.frames) else None
    return View(last, "forked", caption, f"{ending}{wording.END}")


def difference(truth: NDArray[np.uint8] | None, prediction: NDArray[np.uint8] | None) -> View:
    """The difference pane: the truth less the prediction of the same moment."""
    if truth is None or prediction is None:
        return View(None, None, "Difference", "nothing to compare here")
    caption = f"{error_percent(truth, prediction):.1f} % off · orange: real, blue: dream brighter"
    return View(difference_picture(truth, prediction), None, caption)


class FutureShow:
    """Which imagined frame is on show: each future is played through, then begun again or followed by the next one.

    While the agent acts, a future is played at twice the game's pace and the newest one follows at once: the picture
    runs ahead of reality and starts from it again and again. A future that gave way at every single step could not be
    watched. At rest the cursor's own future is played at the game's pace, and its last frame stays for a while.

    Attributes:
        future: on show; None while there is none.
        ahead: 0-based place of the frame on show.
        pinned: that frame stays, until another future is on show.
    """

    def __init__(self) -> None:
        self.future: Future | None = None
        self.ahead = 0
        self.pinned = False
        self._clock = 0.0

    def pin(self, ahead: int) -> None:
        """Let one frame of this future stay; asked again for the same one, go on from there."""
        self.pinned = not (self.pinned and ahead == self.ahead)
        self.ahead, self._clock = ahead, float(ahead)

    def offer(self, newest: Future | None, at_rest: bool, now: FutureKey | None) -> None:
        """Take note of the future there is now; one that does not lie before the cursor any more is over at once.

        Args:
            newest: for the cursor, or the newest while following. at_rest: the cursor stands still.
            now: what the future of the Moment under the cursor is called; None where none can start.
        """
        if self.future is not None and not _leads_to(self.future.key, now):
            self._begin(None)
        if newest is not None and self.future is not None and newest.key == self.future.key:
            return
        if at_rest or self.future is None:
            self._begin(newest)

    def advance(self, frames: float, newest: Future | None, at_rest: bool, pace: float = LIVE_PACE) -> bool:
        """Let time pass.

        Args:
            frames: of the game's own pace that passed. newest: what follows when this one is over.
            at_rest: the cursor stands still. pace: of the show while it does not.

        Returns:
            Whether another frame is on show now.
        """
        if self.future is None or self.pinned:
            return False
        future, ahead = self.future, self.ahead
        self._clock += frames if at_rest else frames * pace
        length = self.future.dream.frames.shape[1]
        if self._clock >= length + (HOLD_FRAMES if at_rest else 0):
            self._begin(newest or future)
        else:
            self.ahead = min(int(self._clock), length - 1)
        return future is not self.future or ahead != self.ahead

    def _begin(self, future: Future | None) -> None:
        self.future, self.ahead, self._clock, self.pinned = future, 0, 0.0, False


def _leads_to(shown: FutureKey, now: FutureKey | None) -> bool:
    """The future on show began at this Moment or before it, in the same episode, read by the same weights."""
    if now is None or (shown.number, shown.generation) != (now.number, now.generation):
        return False
    return shown.index <= now.index
