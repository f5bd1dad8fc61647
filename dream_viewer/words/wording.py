"""Records in words, as the window writes them. No Qt here."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dream_viewer.episodes.reel import Reel
from dream_viewer.messages.agents import AgentInfo
from dream_viewer.playback import State
from dream_viewer.records import Stat
from dream_viewer.words.numerals import count, decimal, short_count, signed
from trainer.envs.actions import ACTIONS
from trainer.episode import Moment, Outcome

END = "end (Procgen shows no last frame)"
"""What an end step is called in place of a picture of it."""

_UNREAD = "The agent on show has not read this moment."

_OUTCOMES: dict[Outcome, str] = {"won": "won", "lost": "lost", "timeout": "time-out"}
_SURPRISES = ((0.5, "less than usual"), (1.5, "as usual"), (3.0, "more than usual"))
_ARROWS = {
    frozenset[str](): "\u00b7",
    frozenset({"LEFT"}): "\u2190",
    frozenset({"RIGHT"}): "\u2192",
    frozenset({"UP"}): "\u2191",
    frozenset({"DOWN"}): "\u2193",
    frozenset({"LEFT", "UP"}): "\u2196",
    frozenset({"RIGHT", "UP"}): "\u2197",
    frozenset({"RIGHT", "DOWN"}): "\u2198",
    frozenset({"LEFT", "DOWN"}): "\u2199",
}
_NOT_YET = "\u2013"
LABELS = ("Level seed", "Return", "Step", "Value", "About to", "Surprise")
"""The read-outs, in the order of their places."""


ENOUGH_SURPRISES = 5
"""Surprises of an episode that make a median worth comparing with."""


def nothing_to_ask(moment: Moment | None, over: str) -> str:
    """Why a panel has nothing to ask about the Moment under the cursor.

    Args:
        moment: under the cursor; None: there is none. over: said of the end of an episode.
    """
    if moment is None:
        return ""
    return over if moment.step.is_last else _UNREAD


def surprise_word(nats: float, before: NDArray[np.float32]) -> str:
    """A word for a surprise, beside the median of those before it in the episode; empty while there are too few.

    Args:
        nats: the surprise. before: (T,) those before it, NaN where they are undefined.
    """
    known = before[np.isfinite(before)]
    if len(known) < ENOUGH_SURPRISES:
        return ""
    usual = max(float(np.median(known)), 0.1)
    return next((word for limit, word in _SURPRISES if nats < limit * usual), "far more than usual")


def action_name(action: int) -> str:
    """What an action of Procgen is called."""
    name = ACTIONS[action].name
    return f"key {name}" if len(name) == 1 else name


def action_glyph(action: int) -> str:
    """An action in one sign: an arrow for a direction, the letter of a key, a dot for no key."""
    keys = ACTIONS[action].keys
    return _ARROWS.get(keys) or "".join(keys)


def outcome_word(outcome: Outcome) -> str:
    """How an episode ended, in a word."""
    return _OUTCOMES[outcome]


def fate(outcome: Outcome | None, played: bool) -> str:
    """How an episode stands, for a list of them; whether a person played in it."""
    word = "goes on" if outcome is None else outcome_word(outcome)
    return f"{word}, you played" if played else word


def agent_lines(agent: AgentInfo | None, opening: bool = False) -> tuple[str, str]:
    """A title and a line about the agent on show; where there is none, whether a checkpoint is being opened."""
    if agent is None:
        return ("Dream Agent", "opening a checkpoint…") if opening else ("No agent", "open a checkpoint")
    steps = f"{short_count(agent.env_steps)} steps"
    if agent.run is not None:
        return agent.name, f"following · {steps}"
    return agent.name, f"{agent.game} · {agent.preset} · {steps}"


def agent_hint(agent: AgentInfo | None) -> str:
    """Where the agent on show comes from."""
    if agent is None or agent.source is None:
        return ""
    if agent.run is not None:
        return f"Following {agent.run}: each checkpoint it saves is shown, now {count(agent.env_steps)} steps"
    return str(agent.path)


def told_apart(one: AgentInfo, other: AgentInfo) -> tuple[str, str]:
    """Names of two agents that differ: by what they were trained, or by their files, where the names alone do not."""
    names = [(agent.name, f"{agent.name} after {short_count(agent.env_steps)}") for agent in (one, other)]
    first = next((pair for pair in zip(*names, strict=True) if len(set(pair)) == 2), None)
    if first is not None:
        return first[0], first[1]
    return tuple(f"{agent.name} {agent.fingerprint[:6]}".strip() for agent in (one, other))  # type: ignore[return-value]


def stats(reel: Reel | None, index: int, moment: Moment | None, played: bool = False) -> tuple[Stat, ...]:
    """The read-outs at the cursor; always the same labels in the same order.

    Args:
        reel: the episode. index: of the Moment. moment: itself. played: a person is about to act there.
    """
    if reel is None or moment is None:
        return tuple(Stat(label, _NOT_YET) for label in LABELS)
    episode, step, reading = reel.episode, moment.step, moment.reading
    split = "train level" if episode.split == "train" else "unseen level"
    return (
        Stat(LABELS[0], count(episode.level_seed), f"{split}, {episode.difficulty}"),
        Stat(LABELS[1], signed(float(reel.returns[index])), _reward_text(step.reward)),
        Stat(LABELS[2], count(index), _of_text(reel, index)),
        Stat(LABELS[3], _NOT_YET if reading is None else decimal(reading.value), "expected return"),
        _action(moment, played),
        _surprise(moment, reel.surprises[:index]),
    )


def _reward_text(reward: float) -> str:
    return f"{signed(reward)} just now" if reward else "so far"


def _of_text(reel: Reel, index: int) -> str:
    if reel.outcome is None:
        return "episode goes on"
    if index == reel.last:
        return f"the end: {outcome_word(reel.outcome)}"
    return f"of {count(reel.last)}, then {outcome_word(reel.outcome)}"


def _action(moment: Moment, played: bool) -> Stat:
    label, step, reading = LABELS[4], moment.step, moment.reading
    if step.action is None:
        return Stat(label, _NOT_YET, "the episode is over")
    sure = "" if reading is None else f"{100 * reading.policy[step.action]:.0f} %"
    detail = f"by you; the agent {sure}" if step.by_person else f"agent's choice, {sure}" if played else f"{sure} sure"
    return Stat(label, action_name(step.action), detail)


def _surprise(moment: Moment, before: NDArray[np.float32]) -> Stat:
    label, reading = LABELS[5], moment.reading
    if reading is None:
        return Stat(label, _NOT_YET, "nothing was seen")
    if reading.surprise is None:
        return Stat(label, _NOT_YET, "first frame")
    return Stat(label, f"{reading.surprise:.1f} nats", surprise_word(reading.surprise, before))


def follow(state: State, newer: int | None, doing: str = "") -> str:
    """Whether the cursor goes with what is live, and what the way back there is called.

    Args:
        state: of playback. newer: how many Moments of the episode being lived lie ahead; None: it is another episode.
        doing: what a person does, if anything.
    """
    if doing:
        return doing
    if state is State.FOLLOWING:
        return "Live"
    if newer is None:
        return "Back to live"
    return f"Back to live +{newer}" if newer else "Follow"


def position(reel: Reel | None, index: int) -> tuple[str, str, str]:
    """Where the cursor stands, and the same for less and less room."""
    if reel is None:
        return "", "", ""
    name = f"Episode {count(reel.number + 1)}" if reel.number >= 0 else "Recording"
    place = f"{count(index)} / {count(reel.last)}"
    return f"{name} · {place}", place, count(index)
