"""What becomes of a Moment under each action, in words and cards; and a branch as a future of its own. No Qt here."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dream_viewer.messages.futures import Forked, Future, FutureKey, FutureKind
from dream_viewer.messages.questions import Question
from dream_viewer.pictures.film import LIKELY_END
from dream_viewer.records import BranchCard
from dream_viewer.words.numerals import decimal, signed
from dream_viewer.words.wording import action_glyph, action_name, outcome_word
from trainer.branches import WhatIf
from trainer.episode import Dream, Fork

PICTURES_KEPT = 480
"""Pictures of an answer, over all branches: 6 MB, and some answers are kept."""

SAME = 0.02
"""Returns that differ by less than this part of the greatest count as the same."""


def steps_of(horizon: int, branches: int) -> int:
    """How far branches go that are all to be kept with their pictures.

    Args:
        horizon: steps wanted. branches: of the answer.
    """
    return max(1, min(horizon, PICTURES_KEPT // branches))


def branch_of(question: Question, dream: Dream, place: int, kind: FutureKind, name: int) -> Future:
    """One branch of an answer as a future that panes and film strip can show.

    Args:
        question: that was answered. dream: all branches. place: of the branch. kind, name: of the future's key.
    """
    only = slice(place, place + 1)
    among, steps = dream.values.shape
    key = FutureKey(question.number, question.index, question.generation, steps, name, kind, among)
    alone = Dream(
        dream.generation,
        dream.frames[only],
        dream.actions[only],
        dream.rewards[only],
        dream.continues[only],
        dream.values[only],
    )
    return Future(key, alone)


def truth_of(future: Future, answer: WhatIf, place: int) -> Forked:
    """What really happens in such a branch."""
    return Forked(future.key, None if answer.forks is None else answer.forks[place])


def cards(answer: WhatIf, about_to: int | None) -> tuple[BranchCard, ...]:
    """One card an action, the highest dreamed return first.

    Args:
        answer: what each leads to. about_to: the action that the agent is about to take.
    """
    returns = answer.dreamed if answer.real is None else np.concatenate([answer.dreamed, answer.real])
    greatest = max(float(np.abs(returns).max()), 1e-6)
    low = min(0.0, float(returns.min()))
    span = max(0.0, float(returns.max())) - low or 1.0
    order = np.argsort(-answer.dreamed, kind="stable").tolist()
    best = _best(answer.dreamed, SAME * greatest)
    really_best = np.zeros_like(best) if answer.real is None else _best(answer.real, SAME * greatest)
    made = []
    for place in order:
        dreamed = float(answer.dreamed[place])
        fork = None if answer.forks is None else answer.forks[place]
        received = None if answer.real is None else float(answer.real[place])
        action, end = answer.actions[place], expected_end(answer.dream.continues[place])
        card = BranchCard(
            branch=place,
            glyph=action_glyph(action),
            name=action_name(action),
            likely=action == about_to,
            imagined=answer.dream.frames[place, -1 if end is None else end],
            doubt="" if end is None else "end?",
            real=None if fork is None or not len(fork.frames) else fork.frames[-1],
            ending="" if fork is None or fork.outcome is None else outcome_word(fork.outcome),
            dreamed=decimal(dreamed),
            received="" if received is None else decimal(received),
            fate=f"{100 * answer.survival[place]:.0f} % goes on" if end is None else f"ends after {end + 1}",
            real_fate=_fate(fork),
            share=(dreamed - low) / span,
            real_share=None if received is None else (received - low) / span,
            best=bool(best[place]),
            really_best=bool(really_best[place]),
            tip=_tip(answer, place, fork),
        )
        made.append(card)
    return tuple(made)


def _best(returns: NDArray[np.float32], same: float) -> NDArray[np.bool_]:
    """Which of them are the highest, up to `same`; none where they all are."""
    highest = returns.max() - returns < same
    return highest & ~highest.all()


def expected_end(continues: NDArray[np.float32]) -> int | None:
    """The first imagined state that is more likely the end than not, from 0; None where there is none.

    Args:
        continues: (H,) of a branch.
    """
    unlikely = np.flatnonzero(np.cumprod(continues) < LIKELY_END)
    return int(unlikely[0]) if len(unlikely) else None


def verdict(ranked: tuple[BranchCard, ...]) -> tuple[str, str]:
    """In one sentence whether the dream would choose as reality does, and in fewer words.

    Args:
        ranked: all cards, the highest dreamed return first.
    """
    first = ranked[0]
    if not any(card.best for card in ranked):
        return "In the dream it makes no difference which action comes first.", "No difference in the dream."
    if first.real_share is None:
        return f"Best in the dream: {first.name}; nothing real stands beside it.", f"Best in the dream: {first.name}."
    if not any(card.really_best for card in ranked):
        whole = f"Best in the dream: {first.name}; in reality it makes no difference."
        return whole, f"Dream: {first.name}; reality: any."
    if first.really_best:
        return f"Best in the dream and in reality: {first.name}.", f"Best in both: {first.name}."
    best = max(ranked, key=lambda card: card.real_share or 0.0)
    return f"Best in the dream: {first.name}; in reality: {best.name}.", f"Dream: {first.name}; real: {best.name}."


def _fate(fork: Fork | None) -> str:
    if fork is None:
        return ""
    return "goes on" if fork.outcome is None else f"{outcome_word(fork.outcome)} after {len(fork.frames) + 1}"


def _tip(answer: WhatIf, place: int, fork: Fork | None) -> str:
    steps = answer.dream.values.shape[1]
    taken = answer.dream.actions[place]
    then = ", ".join(action_name(int(action)) for action in taken[1:4])
    lines = [
        f"First {action_name(int(taken[0]))}, then as the agent goes on in its dream: {then}, …",
        f"Goes on to the end of the branch with {100 * answer.survival[place]:.0f} %",
        f"Dreamed return {decimal(float(answer.dreamed[place]))}: rewards of {steps} steps, "
        f"{signed(float(answer.dream.rewards[place].sum()))} in all, "
        f"and the value of the last state, {decimal(float(answer.dream.values[place, -1]))}; discounted",
    ]
    if fork is not None and answer.real is not None:
        got = float(fork.rewards.sum()) + fork.end_reward
        rest = ", and the value of the last state, seen" if fork.outcome in (None, "timeout") else ""
        lines.append(f"Real return {decimal(float(answer.real[place]))}: rewards received, {signed(got)} in all{rest}")
    return "\n".join([*lines, "Click to play it in the panes"])
