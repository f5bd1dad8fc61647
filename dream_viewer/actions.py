"""One table of everything a person can ask the window for; menus, buttons and the `?` overlay are made from it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

from PyQt6.QtCore import QObject, Qt
from PyQt6.QtGui import QAction, QActionGroup, QKeySequence
from PyQt6.QtWidgets import QMenuBar

from dream_viewer.look import theme
from dream_viewer.records import Command

Menu = Literal["File", "Playback", "Level", "Dream", "Take part", "View", "Training", "Help"]
Mode = Literal["always", "review"]
"""When an action's keys work: always, or while a person reviews (the game's keys belong to play mode)."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of the table.

    Attributes:
        id: what the code calls it.
        text: in menus, with its mnemonic.
        shortcuts: keys in Qt's portable text; the first one is shown in the menu.
        mode: when the keys work.
        menu: where it is listed.
        hint: what it does, for tooltips and the palette.
        icon: name of its icon, if it has one.
        group: actions of one group exclude each other; such an action is checkable.
        checkable: it is on or off.
        rule: a line above it in its menu.
        first: what has to be before it can be asked for, where that is not always so.
    """

    id: str
    text: str
    shortcuts: tuple[str, ...]
    mode: Mode
    menu: Menu
    hint: str
    icon: str | None = None
    group: str | None = None
    checkable: bool = False
    rule: bool = False
    first: str = ""

    @property
    def name(self) -> str:
        """Its text without what only a menu needs."""
        return self.text.replace("&", "").removesuffix("\u2026")


TABLE: tuple[Entry, ...] = (
    Entry("open", "&Open…", ("Ctrl+O",), "always", "File", "Open a checkpoint or a recording", "open"),
    Entry("open_run", "Open &run…", (), "always", "File", "Open a run's newest checkpoint"),
    Entry(
        "left_off",
        "Go on where &you left off",
        ("Ctrl+Shift+O",),
        "always",
        "File",
        "Go back to last time's agent, level and moment",
        first="nothing is known of a last time",
    ),
    Entry(
        "recent",
        "Open rece&nt",
        ("Ctrl+R",),
        "always",
        "File",
        "Open what was open lately",
        first="nothing was open lately",
    ),
    Entry(
        "compare",
        "Co&mpare with…",
        ("Ctrl+M",),
        "always",
        "File",
        "Compare with another agent, or end it",
        checkable=True,
    ),
    Entry("swap", "S&wap the compared agents", (), "always", "File", "Let the compared agent play this level"),
    Entry("save", "&Save episode…", ("Ctrl+S",), "always", "File", "Save this episode as a recording", rule=True),
    Entry("export", "&Export…", ("Ctrl+E",), "always", "File", "Export this episode as film, picture or table"),
    Entry(
        "copy_picture", "&Copy picture", ("Ctrl+C",), "always", "File", "Copy panes and timeline as picture", rule=True
    ),
    Entry("copy_link", "Copy &link", ("Ctrl+Shift+C",), "always", "File", "Copy a link to this moment"),
    Entry("go_to", "&Go to…", ("Ctrl+G",), "always", "File", "Go to the moment of a link"),
    Entry("quit", "&Quit", ("Ctrl+Q",), "always", "File", "Close the window", rule=True),
    Entry("play", "&Play or pause", ("Space",), "review", "Playback", "Play or pause", "play"),
    Entry(
        "play_back",
        "Play backwar&ds",
        ("Shift+Space",),
        "review",
        "Playback",
        "Play backwards",
        "play-back",
        checkable=True,
    ),
    Entry("back", "One frame &back", ("Left",), "review", "Playback", "One frame back", "back", rule=True),
    Entry("forward", "One frame &forward", ("Right",), "review", "Playback", "One frame forward", "forward"),
    Entry("back_ten", "Te&n frames back", ("Shift+Left", "PgDown"), "review", "Playback", "Ten frames back"),
    Entry("forward_ten", "Ten f&rames forward", ("Shift+Right", "PgUp"), "review", "Playback", "Ten frames forward"),
    Entry("first", "F&irst frame", ("Home",), "review", "Playback", "First frame", "first"),
    Entry("last", "&Last frame", ("End",), "review", "Playback", "Last frame; follows when live", "last"),
    Entry("event_back", "Previous e&vent", (",",), "review", "Playback", "Previous event", rule=True),
    Entry("event_forward", "N&ext event", (".",), "review", "Playback", "Next event: reward, end, peak, surprise"),
    Entry("bookmark", "Boo&kmark", ("B",), "review", "Playback", "Set or clear a bookmark here"),
    Entry("episode_back", "Previo&us episode", ("Up",), "review", "Playback", "Previous episode", rule=True),
    Entry("episode_forward", "Ne&xt episode", ("Down",), "review", "Playback", "Next episode"),
    Entry(
        "follow",
        "Follow the &agent",
        ("F",),
        "review",
        "Playback",
        "Follow the agent as it plays",
        "follow",
        checkable=True,
        rule=True,
    ),
    Entry(
        "loop", "L&oop", ("L",), "review", "Playback", "Loop the episode, or its marked stretch", "loop", checkable=True
    ),
    Entry("stretch", "&Mark a stretch", ("Shift+L",), "review", "Playback", "Mark what to loop: from here, to here"),
    Entry("slower", "&Slower", ("[",), "review", "Playback", "Slower", "slower", rule=True),
    Entry("faster", "Fas&ter", ("]",), "review", "Playback", "Faster", "faster"),
    Entry("every_frame", "Sho&w every frame", (), "review", "Playback", "Leave out no frame at speed", checkable=True),
    Entry(
        "choose_level",
        "&Choose game and level…",
        ("G",),
        "review",
        "Level",
        "Pick game, difficulty, split or level seed",
    ),
    Entry(
        "restart", "&Restart this level", ("R",), "review", "Level", "Play this level from its first frame", rule=True
    ),
    Entry("level_forward", "Ne&xt level", ("Shift+Down",), "review", "Level", "Play the level with the next seed"),
    Entry("level_back", "Pre&vious level", ("Shift+Up",), "review", "Level", "Play the level with the seed before"),
    Entry(
        "unseen",
        "&Unseen levels",
        ("Ctrl+N",),
        "review",
        "Level",
        "Play another unseen level",
        group="levels",
        rule=True,
    ),
    Entry("train", "&Train levels", ("Ctrl+T",), "review", "Level", "Play another of the train levels", group="levels"),
    Entry("same", "This level a&gain and again", (), "review", "Level", "Play this level only", group="levels"),
    Entry("belief", "&Belief", ("1",), "review", "Dream", "What the agent thinks it sees now", group="dream"),
    Entry(
        "dream",
        "&Dream",
        ("2",),
        "review",
        "Dream",
        "What the agent dreams along the actions really taken",
        group="dream",
    ),
    Entry("future", "F&uture", ("3",), "review", "Dream", "What the agent imagines it would do next", group="dream"),
    Entry(
        "again",
        "&Imagine another future",
        ("N",),
        "review",
        "Dream",
        "Imagine another future from here",
        rule=True,
        first="first let the dream pane show the future, with 3",
    ),
    Entry("ahead_forward", "Next ima&gined frame", ("Alt+Right",), "review", "Dream", "Look one imagined frame ahead"),
    Entry("ahead_back", "&Previous imagined frame", ("Alt+Left",), "review", "Dream", "Look one imagined frame back"),
    Entry(
        "longer",
        "Dream &longer",
        ("Ctrl+Up",),
        "review",
        "Dream",
        "Look at reality less often, or further ahead",
        first="first let the dream pane show a dream or the future, with 2 or 3",
    ),
    Entry(
        "shorter",
        "Dream &shorter",
        ("Ctrl+Down",),
        "review",
        "Dream",
        "Look at reality more often, or less far",
        first="first let the dream pane show a dream or the future, with 2 or 3",
    ),
    Entry(
        "what_if",
        "&What if",
        ("W",),
        "review",
        "Dream",
        "Try each action, imagined and real",
        checkable=True,
        rule=True,
    ),
    Entry("many", "&Many dreams", ("M",), "review", "Dream", "Dream this moment many times", checkable=True),
    Entry(
        "branch_forward",
        "Ne&xt branch",
        ("Alt+Down",),
        "review",
        "Dream",
        "Play the next branch of the panel",
        first="first open What if, with W, or Many dreams, with M",
    ),
    Entry(
        "branch_back",
        "Previous bran&ch",
        ("Alt+Up",),
        "review",
        "Dream",
        "Play the branch before",
        first="first open What if, with W, or Many dreams, with M",
    ),
    Entry(
        "latents",
        "La&tent state",
        ("Ctrl+I",),
        "review",
        "Dream",
        "Show the state inside the model",
        checkable=True,
        rule=True,
    ),
    Entry(
        "untouch",
        "Und&o the class set last",
        ("Ctrl+Z",),
        "review",
        "Dream",
        "Undo the latent class set last",
        first="no class of the latent state was set",
    ),
    Entry("untouch_all", "Undo &all classes set", (), "review", "Dream", "Give back all latent classes that were set"),
    Entry(
        "take_over", "&Play yourself", ("P",), "review", "Take part", "Play yourself; Esc hands back", checkable=True
    ),
    Entry("play_dream", "Play in the &dream", ("Shift+P",), "review", "Take part", "Play in the dream", checkable=True),
    Entry(
        "really",
        "&What really happens",
        ("Shift+R",),
        "review",
        "Take part",
        "What your dream is in reality",
        first="first play in the dream, with Shift+P",
    ),
    Entry(
        "duel",
        "D&uel from here",
        ("Shift+D",),
        "review",
        "Take part",
        "You against the agent from here",
        checkable=True,
    ),
    Entry("human", "&Human view", (), "review", "View", "The game as people see it", group="reality"),
    Entry("agent", "&Agent's view", (), "review", "View", "The 64 x 64 pixels the agent sees", group="reality"),
    Entry(
        "value_map",
        "&Value heat-map",
        ("V",),
        "review",
        "View",
        "Show over reality where in the frame the value comes from",
        checkable=True,
    ),
    Entry(
        "choice_map",
        "&Choice heat-map",
        ("Shift+V",),
        "review",
        "View",
        "Show over reality where in the frame the chosen action comes from",
        checkable=True,
    ),
    Entry("film", "&Film strip", ("I",), "review", "View", "Show the film strip", checkable=True, rule=True),
    Entry(
        "difference",
        "Diff&erence pane",
        ("D",),
        "review",
        "View",
        "Show the difference pane",
        checkable=True,
        first="two agents are compared, which Ctrl+M ends",
    ),
    Entry("events", "Event l&ist", ("E",), "review", "View", "Show the list of events", checkable=True),
    Entry("fan", "Fa&n of futures", ("U",), "review", "View", "Show many futures on the timeline", checkable=True),
    Entry(
        "horizon",
        "Dream hori&zon",
        ("H",),
        "review",
        "View",
        "Show on the timeline how many frames a dream holds from each step on",
        checkable=True,
    ),
    Entry("episodes", "E&pisodes", ("Ctrl+L",), "review", "View", "Show the list of episodes", checkable=True),
    Entry(
        "enlarge", "Enlarge the drea&m", ("Z",), "review", "View", "Enlarge the dream pane, or give it back", rule=True
    ),
    Entry("fit", "Fit the time&line", ("0",), "review", "View", "Show the whole episode on the timeline"),
    Entry("theme_system", "&Theme of the system", (), "always", "View", "As the system says", group="theme", rule=True),
    Entry("theme_dark", "Dar&k theme", (), "always", "View", "Light letters on dark", group="theme"),
    Entry("theme_light", "Li&ght theme", (), "always", "View", "Dark letters on light", group="theme"),
    Entry(
        "blue_orange",
        "Colours for the colour-&blind",
        (),
        "always",
        "View",
        "Blue and orange in place of green and red",
        checkable=True,
    ),
    Entry("reset_layout", "&Reset the layout", (), "always", "View", "Put every part where it was at first", rule=True),
    Entry(
        "presentation",
        "Presentati&on",
        ("F5",),
        "always",
        "View",
        "Panes and timeline only, in large letters",
        checkable=True,
    ),
    Entry("full_screen", "Full &screen", ("F11",), "always", "View", "Full screen", checkable=True),
    Entry("leave", "Back to the &window", ("Esc",), "review", "View", "End the presentation, then full screen"),
    Entry(
        "training", "&Training panel", ("T",), "review", "Training", "Show the training panel", "train", checkable=True
    ),
    Entry("show_training", "&Show the agent in training", (), "review", "Training", "Show the agent in training"),
    Entry("resume_run", "&Continue a run…", (), "review", "Training", "Go on with a run that was stopped"),
    Entry("tour", "&Tour", (), "always", "Help", "Show the window in five steps"),
    Entry("glossary", "&Glossary", ("F1",), "always", "Help", "What the words mean", checkable=True),
    Entry("palette", "&All commands…", ("Ctrl+K",), "always", "Help", "Find anything by a few letters of its name"),
    Entry("shortcuts", "&Shortcuts", ("?",), "always", "Help", "Show these shortcuts", "help"),
)
"""Everything there is, in the order of the menus."""

_ARROWS = {"Left": "\u2190", "Up": "\u2191", "Right": "\u2192", "Down": "\u2193"}


def build(parent: QObject) -> dict[str, QAction]:
    """A QAction for each row, by its id, owned by `parent`."""
    actions: dict[str, QAction] = {}
    groups: dict[str, QActionGroup] = {}
    for entry in TABLE:
        action = QAction(entry.text, parent)
        action.setObjectName(entry.id)
        action.setShortcuts([QKeySequence(keys) for keys in entry.shortcuts])
        action.setCheckable(entry.checkable or entry.group is not None)
        keys = " or ".join(key_names(entry))
        action.setToolTip(f"{entry.hint} ({keys})" if keys else entry.hint)
        if entry.icon is not None:
            action.setIcon(theme.icon(entry.icon, on="accent" if entry.checkable else "text"))
            action.setIconVisibleInMenu(False)
        if entry.group is not None:
            group = groups.setdefault(entry.group, QActionGroup(parent))
            group.addAction(action)
        actions[entry.id] = action
    return actions


def fill_menus(bar: QMenuBar, actions: Mapping[str, QAction]) -> None:
    """Put every action into its menu."""
    taken: set[str] = set()
    for title, entries in _by_menu():
        letter = next(letter for letter in title.lower() if letter not in taken)
        taken.add(letter)
        at = title.lower().index(letter)
        menu = bar.addMenu(f"{title[:at]}&{title[at:]}")
        assert menu is not None
        menu.setToolTipsVisible(True)
        for entry in entries:
            if entry.rule:
                menu.addSeparator()
            menu.addAction(actions[entry.id])


def key_names(entry: Entry) -> list[str]:
    """Its keys as this system writes them, arrows as arrows."""
    names = []
    for keys in entry.shortcuts:
        name = QKeySequence(keys).toString(QKeySequence.SequenceFormat.NativeText)
        for word, arrow in _ARROWS.items():
            name = re.sub(rf"\b{word}$", arrow, name)
        names.append(name)
    return names


def overlay_rows() -> list[tuple[str, list[tuple[list[str], str]]]]:
    """What the `?` overlay shows: a list of (menu, [(keys, what they do)]) without the actions that have no key."""
    rows = []
    for title, entries in _by_menu():
        listed = [(key_names(entry), entry.name) for entry in entries if entry.shortcuts]
        if listed:
            rows.append((title, listed))
    return rows


def commands(actions: Mapping[str, QAction]) -> list[Command]:
    """Every action but the palette itself, as the palette lists them now."""
    return [
        Command(
            entry.id,
            entry.name,
            entry.hint if actions[entry.id].isEnabled() else entry.first or entry.hint,
            tuple(key_names(entry)),
            actions[entry.id].isEnabled(),
            actions[entry.id].isChecked(),
        )
        for entry in TABLE
        if entry.id != "palette"
    ]


def set_review_keys(actions: Mapping[str, QAction], working: bool) -> None:
    """Let the review keys work or rest, as when an overlay or the game itself has the keyboard."""
    context = Qt.ShortcutContext.WindowShortcut if working else Qt.ShortcutContext.WidgetShortcut
    for entry in TABLE:
        if entry.mode == "review":
            actions[entry.id].setShortcutContext(context)


def _by_menu() -> Iterator[tuple[str, list[Entry]]]:
    for title, entries in groupby(TABLE, key=lambda entry: entry.menu):
        yield title, list(entries)
