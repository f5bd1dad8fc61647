"""The window in plain English: a tour of five steps, a sentence about each panel, and what the words mean. No Qt here.

Written for somebody who never heard of world models. Each text stands for itself.
"""

from __future__ import annotations

import textwrap
from dataclasses import dataclass

_HINT_WIDTH = 64
"""Letters in a line of a panel's tooltip."""


@dataclass(frozen=True, slots=True)
class Stop:
    """One step of the tour.

    Attributes:
        panel: id of what it points at. title, text: what it says.
    """

    panel: str
    title: str
    text: str


TOUR: tuple[Stop, ...] = (
    Stop(
        "reality",
        "Reality",
        "This is the game. An agent plays it by itself, a level it has never seen before. OBSERVED means: the agent "
        "has its eyes open at this frame.",
    ),
    Stop(
        "dream",
        "The dream",
        "And this is the game as the agent has it in its head. It learnt a model of the world, and imagines in it what "
        "comes next. IMAGINED means: nobody showed it this picture, it made it up. The keys 1, 2 and 3 choose: belief, "
        "dream, future.",
    ),
    Stop(
        "timeline",
        "How good things look",
        "The curve is how much reward the agent expects from each moment on. It falls before danger and rises near the "
        "goal. Click or drag here to go back in time.",
    ),
    Stop(
        "transport",
        "Stop and look",
        "Space pauses and plays on, the arrow keys step through single frames, F goes back to the present. Everything "
        "in the window always shows the same moment.",
    ),
    Stop(
        "training",
        "Train your own",
        "Start a training here, and watch the dreams get better while it runs. T opens and closes this panel, and "
        "Ctrl+K finds everything else. The words are explained in the glossary: F1.",
    ),
)
"""Shown once, when the window opens for the first time, and again from the Help menu."""

PANELS: dict[str, str] = {
    "reality": "The game as it is really played, frame by frame.",
    "dream": "The game inside the agent's head: what it believes it sees, or what it imagines comes next.",
    "compared": "The same moments inside a second agent's head, to be held against the first one's.",
    "difference": "Where reality and dream differ: orange where the real picture is brighter, blue where the dream is.",
    "film": "The next frames as the agent imagines them, and below what really happens under the same actions; "
    "click one to look at it.",
    "timeline": "How much reward the agent expects from each moment on: low before danger, high near the goal.",
    "surprise": "How far each frame was from what the agent expected; triangles mark those it did not see coming.",
    "transport": "Goes through time: everything in the window shows the same moment.",
    "readouts": "The moment on show in numbers: which level, what was gained, what the agent expects.",
    "policy": "How likely the agent is to take each action now; the one it takes stands out.",
    "events": "The moments worth a look: rewards, ends, sudden changes of hope, surprises, bookmarks.",
    "episodes": "Every game that was played and is still in memory; click one to look at it again.",
    "latents": "The agent's memory at this moment, before and after it saw the frame; click a class to change it.",
    "training": "Trains an agent in the background, and shows its dreams while they get better.",
    "curves": "How the training goes: what the agent gains, and how wrong its model of the world still is.",
}
"""Panel to one sentence, shown when the pointer rests on it."""

GLOSSARY: tuple[tuple[str, str], ...] = (
    ("Action", "One of the 15 keys the agent can press; it presses one for each frame."),
    ("Agent", "The player: a world model, and a policy that learnt to act by dreaming in it."),
    ("Belief", "What the agent thinks it sees now, drawn from its memory of all frames so far."),
    ("Checkpoint", "A file with everything an agent has learnt up to some step of its training."),
    ("Compared agent", "A second agent that reads the same episode: its dreams and values stand beside the first's."),
    ("Continue", "How likely the agent thinks it is that the game goes on after a frame."),
    ("Discount", "A reward that comes later counts a little less; the discount says how much less with each step."),
    ("Dream", "What the agent imagines without looking: one frame after the other, from its model alone."),
    ("Dream horizon", "How many frames a dream keeps close to what really happens."),
    ("Entropy", "How undecided the agent is: 0 where it is sure of one action, 2.71 nats where all are alike to it."),
    ("Episode", "One play of one level, from its first frame to its end."),
    ("Fan", "Many futures of one moment side by side: where they spread, the agent is unsure."),
    (
        "Fork",
        "The real game, played on from a moment with the actions of a dream: what it can be compared with.",
    ),
    ("Future", "What the agent would do from here on, and what it imagines would come of it."),
    (
        "Latent state",
        "The agent's memory at a moment, in numbers: what it knows and what it guesses; h and z in papers.",
    ),
    ("Level seed", "The number of a level: the same number is the same level, on every machine."),
    ("Look", "In a dream along reality, a frame at which the agent opens its eyes again."),
    ("Moment", "A frame of an episode together with what the agent makes of it."),
    ("Nats", "The unit of surprise: 0 is as expected, each 0.7 is as much as one coin toss."),
    ("Policy", "How likely the agent is to take each action, as it decides anew in every frame."),
    ("Posterior and prior", "What the agent makes of a frame after it saw it, and what it expected before."),
    ("Recording", "A small file with the actions of an episode; it can be played again and forked anywhere."),
    ("Return", "The sum of all rewards of an episode."),
    ("Reward", "Points from the game, such as 10 for the coin."),
    ("Run", "A training and its folder: settings, checkpoints, curves."),
    ("Surprise", "How far a frame was from what the agent expected, in nats."),
    ("Time-out", "The end of an episode because the game allows no more steps: neither won nor lost."),
    ("Train levels", "The levels the agent learnt on, mostly 0 to 199. All others are unseen levels."),
    (
        "Unseen levels",
        "Levels the agent never trained on: they show whether it understood the game or knows it by heart.",
    ),
    ("Value", "How much reward the agent expects from a moment on, later rewards counting less."),
    ("Weights", "The millions of numbers that make up what an agent has learnt. Training changes them."),
    ("World model", "The part of the agent that predicts: what would I see, gain and lose if I did this?"),
)
"""Words and what they mean, in the order of the alphabet."""


def hint(panel: str) -> str:
    """The sentence about a panel, in lines that a tooltip has room for."""
    return textwrap.fill(PANELS[panel], _HINT_WIDTH)
