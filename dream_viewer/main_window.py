"""The window: its parts, and who listens to whom."""

from __future__ import annotations

from pathlib import Path

from PyQt6.QtCore import QByteArray, Qt, pyqtSignal, pyqtSlot
from PyQt6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent
from PyQt6.QtWidgets import QHBoxLayout, QMainWindow, QMenuBar, QVBoxLayout, QWidget

from dream_viewer import actions
from dream_viewer.curves import training_curves
from dream_viewer.desks.branch_keys import BranchKeys
from dream_viewer.desks.clipboard_desk import ClipboardDesk
from dream_viewer.desks.compare_desk import CompareDesk
from dream_viewer.desks.docks import Docks
from dream_viewer.desks.dream_desk import DreamDesk
from dream_viewer.desks.duel_desk import DuelDesk
from dream_viewer.desks.episodes_desk import EpisodesDesk
from dream_viewer.desks.failure_desk import FailureDesk
from dream_viewer.desks.files_desk import FilesDesk
from dream_viewer.desks.guide_desk import GuideDesk
from dream_viewer.desks.horizon_desk import HorizonDesk
from dream_viewer.desks.keyboard_desk import KeyboardDesk
from dream_viewer.desks.latents_desk import LatentsDesk
from dream_viewer.desks.layout_desk import LayoutDesk
from dream_viewer.desks.left_off_desk import LeftOffDesk
from dream_viewer.desks.level_desk import LevelDesk
from dream_viewer.desks.look_desk import LookDesk
from dream_viewer.desks.many_dreams_desk import ManyDreamsDesk
from dream_viewer.desks.moment_desk import MomentDesk
from dream_viewer.desks.panes_desk import Panes, PanesDesk
from dream_viewer.desks.picture_desk import PictureDesk
from dream_viewer.desks.play_desk import PlayDesk
from dream_viewer.desks.recent_desk import RecentDesk
from dream_viewer.desks.resume_desk import ResumeDesk
from dream_viewer.desks.saliency_desk import SaliencyDesk
from dream_viewer.desks.side_desk import SideDesk
from dream_viewer.desks.status_desk import FIGURES, StatusDesk
from dream_viewer.desks.timeline_desk import TimelineDesk
from dream_viewer.desks.too_early_desk import TooEarlyDesk
from dream_viewer.desks.training_desk import TrainingDesk, offered_configs, remembered_form
from dream_viewer.desks.transport_desk import TransportDesk
from dream_viewer.desks.what_if_desk import WhatIfDesk
from dream_viewer.playback import SPEEDS
from dream_viewer.session import Session
from dream_viewer.settings import LEAST_AND_MOST_FRAMES, MANY_DREAMS, Settings
from dream_viewer.state.dreaming import DreamMode
from dream_viewer.widgets import film_strip, stage, timeline
from dream_viewer.widgets.command_palette import CommandPalette
from dream_viewer.widgets.episode_list import EpisodeList
from dream_viewer.widgets.event_list import EventList
from dream_viewer.widgets.film_strip import FilmStrip
from dream_viewer.widgets.frames_box import FramesBox
from dream_viewer.widgets.glossary import Glossary
from dream_viewer.widgets.latent_panel import LatentPanel
from dream_viewer.widgets.many_dreams_panel import ManyDreamsPanel
from dream_viewer.widgets.notice import Notice
from dream_viewer.widgets.pane import Pane
from dream_viewer.widgets.policy_bars import PolicyBars
from dream_viewer.widgets.readouts import Readouts
from dream_viewer.widgets.shortcuts import Shortcuts
from dream_viewer.widgets.side_column import SideColumn
from dream_viewer.widgets.stage import Stage
from dream_viewer.widgets.status_line import StatusLine
from dream_viewer.widgets.surprise_lane import SurpriseLane
from dream_viewer.widgets.time_area import TimeArea
from dream_viewer.widgets.timeline import Timeline
from dream_viewer.widgets.training_curves import TrainingCurves
from dream_viewer.widgets.training_panel import TrainingPanel
from dream_viewer.widgets.transport import TransportBar
from dream_viewer.widgets.what_if_panel import WhatIfPanel
from dream_viewer.words import wording
from dream_viewer.words.guide import GLOSSARY
from trainer.envs.protocol import NUM_ACTIONS

MARGIN = 10
FIRST_SIZE = (1280, 800)
SMALLEST = (1024, 680)
"""Size of the window at least: whatever is chosen, no text is cut in it."""
EPISODES_SIZE = (760, 440)
GLOSSARY_SIZE = (380, 560)
WHAT_IF_SIZE = (660, 620)
MANY_SIZE = (700, 510)
LATENTS_SIZE = (790, 610)


class MainWindow(QMainWindow):
    """Puts the widgets together and connects them to the session.

    Args:
        session: what is on show; whoever made it starts and stops its workers.
        settings: what is remembered from last time.
        keepsake: the recording of the episode in which a person left off; None: none is kept.

    Signals:
        closing: the window is gone; the workers may end now. It comes once.
    """

    closing = pyqtSignal()

    def __init__(self, session: Session, settings: Settings, keepsake: Path | None = None) -> None:
        super().__init__()
        self._session, self._settings = session, settings
        self._closed = False
        self.actions_by_id = actions.build(self)
        self.addActions(list(self.actions_by_id.values()))
        bar = self.menuBar()
        assert bar is not None
        actions.fill_menus(bar, self.actions_by_id)
        self.look = LookDesk(self.actions_by_id, self)
        self.setMinimumSize(*SMALLEST)
        self._make_widgets()
        self._compose()
        self._add_docks()
        self._make_desks()
        self._make_desks_of_the_window(bar, keepsake)
        self._connect()
        self.setAcceptDrops(True)
        self._take_settings()
        self.times.show_episode()
        self.setFocus()

    # What others may ask of the window

    def complain(self, text: str) -> None:
        """Show bad news that needs no dialog."""
        self.notice.show_text(text)

    def inform(self, text: str) -> None:
        """Show good news."""
        self.notice.show_text(text, "good")

    def settings_now(self) -> Settings:
        """What to remember, as things stand."""
        playback, dreaming = self._session.playhead.playback, self._session.dreaming
        shown = {name: action.isChecked() for name, action in self.actions_by_id.items()}
        form = self.training_panel.remembered
        return self._settings.replace(
            speed=playback.speed,
            loop=playback.loop,
            every_frame=playback.every_frame,
            dream_mode=dreaming.mode.value,
            ground_every=dreaming.ground_every,
            reality_view="human" if self._session.human_view.visible else "agent",
            film_strip=shown["film"],
            difference_pane=shown["difference"],
            fan=dreaming.fan_visible,
            horizon=self.horizons.curve_visible,
            many_dreams=self.many.branches,
            heat_map=self.saliency.origins or "",
            event_list=shown["events"],
            theme=self.look.theme,
            colours=self.look.pair,
            training_panel=shown["training"],
            training={name: getattr(form, name) for name in form.__slots__},
            folder=self.files.folder,
            dismissed=self.resuming.dismissed,
            recent=self.recent.paths,
            left_off=self.left_off.now(),
            tour_seen=self.guide.seen,
            docks=self.docks.places(),
            geometry=self.saveGeometry().toHex().data().decode(),
        )

    # Building

    def _make_widgets(self) -> None:
        by_id = self.actions_by_id
        self.reality = Pane([by_id[name] for name in ("human", "agent")])
        self.frames = FramesBox(*LEAST_AND_MOST_FRAMES)
        self.frames.left.connect(self.setFocus)
        self.dream = Pane([by_id[mode.value] for mode in DreamMode], extra=self.frames)
        self.compared = Pane([], title="Compared agent", title_role="companion")
        self.difference = Pane([], title="Difference")
        self.film = FilmStrip()
        self.timeline = Timeline()
        self.lane = SurpriseLane(*timeline.SIDES)
        self.transport = TransportBar(by_id)
        self.readouts = Readouts(len(wording.LABELS))
        self.events = EventList()
        every = range(NUM_ACTIONS)
        self.policy = PolicyBars([wording.action_name(a) for a in every], [wording.action_glyph(a) for a in every])
        self.status = StatusLine(FIGURES)
        self._configs = offered_configs()
        self.training_panel = TrainingPanel(self._configs)
        self.training_curves = TrainingCurves(training_curves.PLOTS)
        self.episodes = EpisodeList()
        self.what_if_panel = WhatIfPanel()
        self.many_panel = ManyDreamsPanel(MANY_DREAMS)
        self.latents = LatentPanel([(by_id["untouch"], "Undo"), (by_id["untouch_all"], "Reset")])
        self.glossary = Glossary(GLOSSARY)

    def _compose(self) -> None:
        panes = Panes(self.reality, self.dream, self.compared, self.difference)
        times = TimeArea(self.timeline, self.lane)
        self.stage = Stage(panes, self.film, times, self.transport, Pane.chrome, self._film_room)
        self.side = SideColumn(self.readouts, self.policy, self.events, self.training_panel, self.training_curves)
        self._middle = QWidget()
        self._row = middle = QHBoxLayout(self._middle)
        self._make_room(False)
        middle.setSpacing(MARGIN)
        middle.addWidget(self.stage, 1)
        middle.addWidget(self.side)
        whole = QWidget()
        column = QVBoxLayout(whole)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._middle, 1)
        column.addWidget(self.status)
        self.setCentralWidget(whole)
        self.notice = Notice(self.stage, above=(times, self.transport))
        self.shortcuts = Shortcuts(actions.overlay_rows(), self._middle)
        self.commands = CommandPalette(self._middle)

    def _add_docks(self) -> None:
        self.docks = Docks(self, self.actions_by_id)
        self.docks.add("episodes", "Episodes", self.episodes, EPISODES_SIZE)
        self.docks.add("what_if", "What if", self.what_if_panel, WHAT_IF_SIZE)
        self.docks.add("many", "Many dreams", self.many_panel, MANY_SIZE)
        self.docks.add("latents", "Latent state", self.latents, LATENTS_SIZE)
        self.docks.add("glossary", "Glossary", self.glossary, GLOSSARY_SIZE)

    def _make_desks(self) -> None:
        """Those between the session and what shows it."""
        session, by_id, settings = self._session, self.actions_by_id, self._settings
        self.desk = TrainingDesk(
            session,
            self.training_panel,
            self.training_curves,
            self._configs,
            by_id["show_training"],
            self.complain,
            self.inform,
            self,
        )
        self.moment_desk = MomentDesk(session, self.readouts, self.policy, self)
        self.transport_desk = TransportDesk(session, self.transport, by_id, self)
        self.pictures = PictureDesk(
            session, self.reality, self.dream, self.difference, self.film, self.timeline.scale_of_values, self
        )
        self.dream_desk = DreamDesk(session, self.frames, by_id, self.pictures.wanted_changed, self)
        panes = Panes(self.reality, self.dream, self.compared, self.difference)
        self.panes = PanesDesk(session, self.stage, panes, self.pictures, by_id, self)
        self.times = TimelineDesk(session, self.timeline, self.lane, self.events, self)
        self.what_if = WhatIfDesk(session, self.what_if_panel, self)
        self.many = ManyDreamsDesk(session, self.pictures, self.many_panel, settings.many_dreams, self)
        self.branch_keys = BranchKeys({"what_if": self.what_if, "many": self.many}, by_id, self)
        self.latents_desk = LatentsDesk(session, self.latents, by_id["untouch"], by_id["untouch_all"], self)
        self.saliency = SaliencyDesk(session, self.pictures.lay_over, by_id["value_map"], by_id["choice_map"], self)
        self.horizons = HorizonDesk(session, self.timeline, lambda: not self.episodes.isHidden(), self)
        self.episode_desk = EpisodesDesk(session, self.episodes, self.horizons.mean, self)
        self.comparing = CompareDesk(
            session,
            self.pictures,
            self.compared,
            self.timeline,
            self.lane,
            by_id["compare"],
            by_id["swap"],
            self.complain,
            self,
        )
        self.side_desk = SideDesk(self.side, self.readouts, lambda: self.desk.graphs_wanted, by_id, self)
        self.status_desk = StatusDesk(session, self.status, self)

    def _make_desks_of_the_window(self, bar: QMenuBar, keepsake: Path | None) -> None:
        """Those that ask a person, tell them, or arrange the window."""
        session, by_id, settings = self._session, self.actions_by_id, self._settings
        self.failures = FailureDesk(session, self)
        self.files = FilesDesk(session, self.notice, by_id, settings.folder, lambda: self.pictures.ahead, self)
        self.resuming = ResumeDesk(self.notice, self._resume, settings.dismissed, self)
        self.levels = LevelDesk(session, self.complain, by_id, self)
        self.recent = RecentDesk(
            session, by_id["recent"], settings.recent, keepsake, self.files.open_path, self.complain, self
        )
        self.left_off = LeftOffDesk(
            session, by_id["left_off"], settings.left_off, keepsake, self.complain, self.inform, self
        )
        self.clipboard = ClipboardDesk(session, self.complain, self.inform, self)
        self.play = PlayDesk(session, self.reality, self.stage, self.notice, by_id, self)
        self.duel = DuelDesk(session, self.notice, self)
        self.guide = GuideDesk(session, self._panels(), by_id["training"], settings.tour_seen, self)
        self.keyboard = KeyboardDesk(self.shortcuts, self.commands, self.guide.tour, self.play, by_id, self)
        self.too_early = TooEarlyDesk(by_id, self.inform, self)
        controls = (self.reality.choices, self.dream.choices, self.dream.extra)
        hidden = (bar, self.side, self.status, *controls)
        self.layouts = LayoutDesk(by_id, self.stage, self.docks, self.look, hidden, self.notice, self)

    def _film_room(self, width: int) -> stage.Film:
        rows = 2 if self._session.comparison.agent is None else 3
        return stage.Film(*film_strip.heights(width, rows))

    def _panels(self) -> dict[str, QWidget]:
        """The panels by the names that `guide.PANELS` explains them under."""
        return {
            "reality": self.reality,
            "dream": self.dream,
            "compared": self.compared,
            "difference": self.difference,
            "film": self.film,
            "timeline": self.timeline,
            "surprise": self.lane,
            "transport": self.transport,
            "readouts": self.readouts,
            "policy": self.policy,
            "events": self.events,
            "episodes": self.episodes,
            "latents": self.latents,
            "training": self.training_panel,
            "curves": self.training_curves,
        }

    def _connect(self) -> None:
        session, by_id = self._session, self.actions_by_id
        for name, slot in {
            "copy_picture": lambda: self.clipboard.copy_picture(self.stage, self.transport.y()),
            "copy_link": self.clipboard.copy_link,
            "go_to": self.clipboard.ask,
            "compare": lambda: self.comparing.toggle(self.files.folder),
            "quit": self.close,
            "fit": self.timeline.fit,
            "ahead_forward": lambda: self.pictures.look_by(1),
            "ahead_back": lambda: self.pictures.look_by(-1),
            "resume_run": self.resuming.choose,
        }.items():
            by_id[name].triggered.connect(lambda _, slot=slot: slot())
        self.comparing.comparing_changed.connect(self.panes.arrange)
        self.layouts.presented.connect(self.panes.show_film)
        self.layouts.presented.connect(self._make_room)
        by_id["fan"].toggled.connect(self._show_fan)
        by_id["horizon"].toggled.connect(self.horizons.show_curve)
        by_id["episodes"].toggled.connect(self.episode_desk.show_episodes)
        by_id["episodes"].toggled.connect(self.horizons.renew)
        self.horizons.changed.connect(self.episode_desk.show_episodes)
        by_id["events"].toggled.connect(self.times.show_events)
        by_id["latents"].toggled.connect(self.latents_desk.show)
        by_id["full_screen"].triggered.connect(self._set_full_screen)
        self.training_panel.continue_asked.connect(self.resuming.choose)
        self.pictures.imagined_changed.connect(lambda: self.times.show_future(self.pictures.future))
        session.playhead.changed.connect(self.pictures.take_future)
        session.casting.agent_changed.connect(self._show_agent)

    def _take_settings(self) -> None:
        settings, playhead, dreaming = self._settings, self._session.playhead, self._session.dreaming
        if not (settings.geometry and self.restoreGeometry(QByteArray.fromHex(settings.geometry.encode()))):
            self.resize(*FIRST_SIZE)
        self.actions_by_id["full_screen"].setChecked(self.isFullScreen())
        if settings.speed in SPEEDS:
            playhead.set_speed(settings.speed)
        playhead.set_loop(settings.loop)
        playhead.set_every_frame(settings.every_frame)
        dreaming.set_ground_every(settings.ground_every)
        dreaming.set_mode(DreamMode(settings.dream_mode))
        self.actions_by_id[settings.reality_view].setChecked(True)
        self.panes.show_human(settings.reality_view == "human")
        for name, shown in (("film", settings.film_strip), ("difference", settings.difference_pane)):
            self.actions_by_id[name].setChecked(shown)
        self.panes.show_film()
        self.panes.arrange()
        self.actions_by_id["fan"].setChecked(settings.fan)
        self.actions_by_id["horizon"].setChecked(settings.horizon)
        if settings.heat_map:
            self.actions_by_id[f"{settings.heat_map}_map"].setChecked(True)
        self.actions_by_id["events"].setChecked(settings.event_list)
        self.look.take(settings.theme, settings.colours)
        self.training_panel.fill(remembered_form(settings.training, self.training_panel.form))
        self.actions_by_id["training"].setChecked(settings.training_panel)
        self.docks.put_back(settings.docks)

    # Acting

    @pyqtSlot()
    def _show_agent(self) -> None:
        agent = self._session.casting.agent
        self.setWindowTitle("Dream Agent" if agent is None else f"{wording.agent_lines(agent)[0]} \u2013 Dream Agent")
        if self._session.playhead.moment is None:
            self.pictures.take_future()

    @pyqtSlot(bool)
    def _make_room(self, presented: bool) -> None:
        """Keep a margin below the timeline where no status line stands there."""
        self._row.setContentsMargins(MARGIN, 4, MARGIN, MARGIN if presented else 0)

    @pyqtSlot(bool)
    def _show_fan(self, shown: bool) -> None:
        self._session.dreaming.set_fan_visible(shown)
        self.times.show_fan()

    def _resume(self, folder: Path) -> None:
        self.actions_by_id["training"].setChecked(True)
        self.desk.resume_run(folder)

    @pyqtSlot(bool)
    def _set_full_screen(self, full: bool) -> None:
        self.setWindowState(
            self.windowState() | Qt.WindowState.WindowFullScreen
            if full
            else self.windowState() & ~Qt.WindowState.WindowFullScreen
        )

    # Qt's own events

    def dragEnterEvent(self, a0: QDragEnterEvent | None) -> None:
        """Take one file or folder."""
        mime = None if a0 is None else a0.mimeData()
        if a0 is not None and mime is not None and len(mime.urls()) == 1 and mime.urls()[0].isLocalFile():
            a0.acceptProposedAction()

    def dropEvent(self, a0: QDropEvent | None) -> None:
        """Open what was dropped; with Shift held, compare with it."""
        mime = None if a0 is None else a0.mimeData()
        if a0 is not None and mime is not None and mime.urls():
            a0.acceptProposedAction()
            path = Path(mime.urls()[0].toLocalFile())
            if a0.modifiers() & Qt.KeyboardModifier.ShiftModifier:
                self.comparing.open(path)
            else:
                self.files.open_path(path)

    def closeEvent(self, a0: QCloseEvent | None) -> None:
        """Go at once; what has to be saved is saved behind."""
        if a0 is not None:
            a0.accept()
        self.pictures.stop()
        if not self._closed:
            self._closed = True
            self.closing.emit()
        self.docks.leave()
