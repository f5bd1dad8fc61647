"""The window: its parts, and who listens to whom."""

from __future__ import annotations

from pathlib import Path

from PyQt6.QtCore import QByteArray, Qt, pyqtSignal, pyqtSlot
from PyQt6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent
from PyQt6.QtWidgets import (
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QMainWindow,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from dream_viewer import actions, curves, files_desk, wording
from dream_viewer.clipboard_desk import ClipboardDesk
from dream_viewer.compare_desk import CompareDesk
from dream_viewer.docks import Docks
from dream_viewer.dreaming import DreamMode
from dream_viewer.duel_desk import DuelDesk
from dream_viewer.episodes_desk import EpisodesDesk
from dream_viewer.files_desk import FilesDesk
from dream_viewer.guide import GLOSSARY
from dream_viewer.guide_desk import GuideDesk
from dream_viewer.horizon_desk import HorizonDesk
from dream_viewer.latents_desk import LatentsDesk
from dream_viewer.layout_desk import LayoutDesk
from dream_viewer.left_off_desk import LeftOffDesk
from dream_viewer.level_desk import LevelDesk
from dream_viewer.look_desk import LookDesk
from dream_viewer.many_dreams_desk import ManyDreamsDesk
from dream_viewer.picture_desk import PictureDesk
from dream_viewer.play_desk import PlayDesk
from dream_viewer.playback import SPEEDS, State
from dream_viewer.recent_desk import RecentDesk
from dream_viewer.saliency_desk import SaliencyDesk
from dream_viewer.session import Session
from dream_viewer.settings import LEAST_AND_MOST_FRAMES, MANY_DREAMS, Settings
from dream_viewer.status_desk import FIGURES, StatusDesk
from dream_viewer.taking_part import Role
from dream_viewer.timeline_desk import TimelineDesk
from dream_viewer.training_desk import TrainingDesk, offered_configs, remembered_form
from dream_viewer.what_if_desk import WhatIfDesk
from dream_viewer.widgets import film_strip, stage, timeline
from dream_viewer.widgets.command_palette import CommandPalette
from dream_viewer.widgets.episode_list import EpisodeList
from dream_viewer.widgets.event_list import EventList
from dream_viewer.widgets.failure_dialog import FailureDialog
from dream_viewer.widgets.film_strip import FilmStrip
from dream_viewer.widgets.glossary import Glossary
from dream_viewer.widgets.latent_panel import LatentPanel
from dream_viewer.widgets.many_dreams_panel import ManyDreamsPanel
from dream_viewer.widgets.notice import Notice
from dream_viewer.widgets.pane import Pane
from dream_viewer.widgets.policy_bars import PolicyBars
from dream_viewer.widgets.readouts import Readouts
from dream_viewer.widgets.shortcuts import Shortcuts
from dream_viewer.widgets.stage import Stage
from dream_viewer.widgets.status_line import StatusLine
from dream_viewer.widgets.surprise_lane import SurpriseLane
from dream_viewer.widgets.time_area import TimeArea
from dream_viewer.widgets.timeline import Timeline
from dream_viewer.widgets.tour import Tour
from dream_viewer.widgets.training_curves import TrainingCurves
from dream_viewer.widgets.training_panel import TrainingPanel
from dream_viewer.widgets.transport import TransportBar
from dream_viewer.widgets.what_if_panel import WhatIfPanel
from trainer.envs.protocol import NUM_ACTIONS
from trainer.run import runs_dir

SIDE_WIDTH = 204
SIDE_WIDTH_TRAINING = 320
"""Width of the column at the right, without and with the training panel; chosen with the sizes in `stage`."""
MARGIN = 10
FIRST_SIZE = (1280, 800)
EPISODES_SIZE = (760, 440)
GLOSSARY_SIZE = (380, 560)
WHAT_IF_SIZE = (660, 620)
MANY_SIZE = (700, 510)
LATENTS_SIZE = (800, 610)
_BRANCHES = ("what_if", "many")
_DOING = {Role.WATCHING: "", Role.REALITY: "You play", Role.DREAM: "You dream", Role.DUEL: "Your duel"}
_GONE_ON = "The window lives on; what was seen so far is kept. Press F to let the agent play again."
_TRAINING_GONE = "The window lives on, and so does everything saved so far: training can be continued from there."
_NOT_SAVED = "What was saved before is safe: training can be continued from there."


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
        self._frames = self._make_frames_box()
        self.reality = Pane([self.actions_by_id[name] for name in ("human", "agent")])
        modes = [self.actions_by_id[mode.value] for mode in DreamMode]
        self.dream = Pane(modes, extra=self._frames)
        self.compared = Pane([], title="Compared agent", title_role="companion")
        self.difference = Pane([], title="Difference")
        self.film = FilmStrip()
        self.timeline = Timeline()
        self.lane = SurpriseLane(timeline.AXIS + 2, timeline.RIGHT)
        self.transport = TransportBar(self.actions_by_id)
        self.readouts = Readouts(len(wording.LABELS))
        self.events = EventList()
        every = range(NUM_ACTIONS)
        self.policy = PolicyBars([wording.action_name(a) for a in every], [wording.action_glyph(a) for a in every])
        self.status = StatusLine(FIGURES)
        configs = offered_configs()
        self.training_panel = TrainingPanel(configs)
        self.training_curves = TrainingCurves(curves.PLOTS)
        self._compose()
        self.notice = Notice(self._stage, above=self.transport.height() + MARGIN)
        self.shortcuts = Shortcuts(actions.overlay_rows(), self._middle)
        self.commands = CommandPalette(self._middle)
        self.desk = TrainingDesk(
            session, self.training_panel, self.training_curves, configs, self.complain, self.inform, self
        )

        self.pictures = PictureDesk(
            session, self.reality, self.dream, self.difference, self.film, self.timeline.scale_of_values, self
        )
        self.times = TimelineDesk(session, self.timeline, self.lane, self.events, self)
        self.episodes = EpisodeList()
        self.docks = Docks(self, self.actions_by_id)
        self.docks.add("episodes", "Episodes", self.episodes, EPISODES_SIZE)
        self.what_if_panel = WhatIfPanel()
        self.docks.add("what_if", "What if", self.what_if_panel, WHAT_IF_SIZE)
        self.what_if = WhatIfDesk(session, self.what_if_panel, self)
        self.many_panel = ManyDreamsPanel(MANY_DREAMS)
        self.docks.add("many", "Many dreams", self.many_panel, MANY_SIZE)
        self.many = ManyDreamsDesk(session, self.pictures, self.many_panel, settings.many_dreams, self)
        undo, reset = (self.actions_by_id[name] for name in ("untouch", "untouch_all"))
        self.latents = LatentPanel([(undo, "Undo"), (reset, "Reset")])
        self.docks.add("latents", "Latent state", self.latents, LATENTS_SIZE)
        self.latents_desk = LatentsDesk(session, self.latents, undo, reset, self)
        value_map, choice_map = (self.actions_by_id[name] for name in ("value_map", "choice_map"))
        self.saliency = SaliencyDesk(session, self.pictures.lay_over, value_map, choice_map, self)
        self.horizons = HorizonDesk(session, self.timeline, lambda: not self.episodes.isHidden(), self)
        self.episode_desk = EpisodesDesk(session, self.episodes, self.horizons.mean, self)
        self.files = FilesDesk(session, self.notice, self)
        self.levels = LevelDesk(session, self.complain, self)
        recent, left_off = (self.actions_by_id[name] for name in ("recent", "left_off"))
        self.recent = RecentDesk(session, recent, settings.recent, keepsake, self.open_path, self.complain, self)
        self.left_off = LeftOffDesk(session, left_off, settings.left_off, keepsake, self.complain, self.inform, self)
        self.clipboard = ClipboardDesk(session, self.complain, self.inform, self)
        self.play = PlayDesk(session, self.reality, self._stage, self.notice, self.actions_by_id, self)
        self.duel = DuelDesk(session, self.notice, self)
        self.comparing = CompareDesk(
            session,
            self.pictures,
            self.compared,
            self.timeline,
            self.actions_by_id["compare"],
            self.actions_by_id["swap"],
            self.complain,
            self,
        )
        self.status_desk = StatusDesk(session, self.status, self)
        self.glossary = Glossary(GLOSSARY)
        self.docks.add("glossary", "Glossary", self.glossary, GLOSSARY_SIZE)
        self.guide = GuideDesk(session, self._panels(), self.actions_by_id["training"], settings.tour_seen, self)
        controls = (self.reality.choices, self.dream.choices, self.dream.extra)
        hidden = (bar, self._side, self.status, *controls)
        self.layouts = LayoutDesk(self.actions_by_id, self._stage, self.docks, self.look, hidden, self.notice, self)
        self._connect_actions()
        self._connect_session()
        self.setAcceptDrops(True)
        self._take_settings()
        self._show_everything()
        self.setFocus()

    # What others may ask of the window

    def complain(self, text: str) -> None:
        """Show bad news that needs no dialog."""
        self.notice.show_text(text)

    def inform(self, text: str) -> None:
        """Show good news."""
        self.notice.show_text(text, "good")

    def offer_to_resume(self, folder: Path) -> None:
        """Say that a training broke off last time, and offer to go on with it."""
        text = f"Training of {folder.name} broke off. Everything up to its last save is there."
        self.notice.show_text(
            text, "good", "Continue it", lambda: self._resume_run(str(folder)), lambda: self._dismiss_run(str(folder))
        )

    def show_failure(self, title: str, line: str, details: str, consequence: str) -> None:
        """Open a dialog about a failure, without blocking; not twice for the same one."""
        if not any(dialog.line == line for dialog in self.findChildren(FailureDialog)):
            FailureDialog(title, line, details, consequence, self).show()

    @property
    def tells_of_failure(self) -> bool:
        """A dialog about a failure is there to be read."""
        return any(dialog.isVisible() for dialog in self.findChildren(FailureDialog))

    def settings_now(self) -> Settings:
        """What to remember, as things stand."""
        session = self._session
        geometry = self.saveGeometry().toHex().data().decode()
        form = self.training_panel.remembered
        return self._settings.replace(
            speed=session.playhead.playback.speed,
            loop=session.playhead.playback.loop,
            every_frame=session.playhead.playback.every_frame,
            dream_mode=session.dreaming.mode.value,
            ground_every=session.dreaming.ground_every,
            reality_view="human" if session.human_view.visible else "agent",
            film_strip=self.actions_by_id["film"].isChecked(),
            difference_pane=self.actions_by_id["difference"].isChecked(),
            fan=session.dreaming.fan_visible,
            horizon=self.horizons.curve_visible,
            many_dreams=self.many.branches,
            heat_map=self.saliency.origins or "",
            event_list=self.actions_by_id["events"].isChecked(),
            theme=self.look.theme,
            colours=self.look.pair,
            training_panel=self.actions_by_id["training"].isChecked(),
            training={name: getattr(form, name) for name in form.__slots__},
            recent=self.recent.paths,
            left_off=self.left_off.now(),
            tour_seen=self.guide.seen,
            docks=self.docks.places(),
            geometry=geometry,
        )

    # Building

    def _make_frames_box(self) -> QSpinBox:
        box = QSpinBox()
        box.setRange(*LEAST_AND_MOST_FRAMES)
        box.setKeyboardTracking(False)
        box.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        box.setAlignment(Qt.AlignmentFlag.AlignRight)
        box.setProperty("role", "small")
        box.setFixedWidth(box.fontMetrics().horizontalAdvance("look every 200") + 14)
        policy = box.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        box.setSizePolicy(policy)
        box.editingFinished.connect(self.setFocus)
        return box

    def _compose(self) -> None:
        panes = (self.reality, self.dream, self.compared, self.difference)
        times = TimeArea(self.timeline, self.lane)
        self._stage = Stage(panes, self.film, times, self.transport, Pane.chrome, _film_room)
        for pane in panes:
            pane.enlarge_asked.connect(lambda pane=pane: self._stage.enlarge(pane))
        self._rule = QFrame()
        self._rule.setFixedHeight(1)
        self._rule.setObjectName("rule")
        self._side = QFrame()
        self._side.setObjectName("side")
        side = QVBoxLayout(self._side)
        side.setContentsMargins(12, 10, 12, 10)
        side.setSpacing(11)
        side.addWidget(self.readouts)
        side.addWidget(self.policy, 1)
        side.addWidget(self.events, 1)
        side.addWidget(self._rule)
        side.addWidget(self.training_panel)
        side.addWidget(self.training_curves, 1)
        side.addStretch(0)
        self._middle = QWidget()
        middle = QHBoxLayout(self._middle)
        middle.setContentsMargins(MARGIN, 4, MARGIN, 0)
        middle.setSpacing(MARGIN)
        middle.addWidget(self._stage, 1)
        middle.addWidget(self._side)
        whole = QWidget()
        column = QVBoxLayout(whole)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._middle, 1)
        column.addWidget(self.status)
        self.setCentralWidget(whole)

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

    def _connect_actions(self) -> None:
        session, by_id = self._session, self.actions_by_id
        for name, slot in {
            "open": self._choose_file,
            "save": lambda: self.files.choose_recording(self._settings.folder),
            "copy_picture": lambda: self.clipboard.copy_picture(self._stage, self.transport.y()),
            "copy_link": self.clipboard.copy_link,
            "go_to": self.clipboard.ask,
            "export": lambda: self.files.choose_export(self._settings.folder),
            "open_run": self._choose_run,
            "compare": lambda: self.comparing.toggle(self._settings.folder),
            "quit": self.close,
            "play": session.playhead.toggle_play,
            "play_back": session.playhead.play_back,
            "stretch": session.playhead.mark_stretch,
            "first": session.playhead.go_first,
            "last": session.playhead.go_last,
            "slower": session.playhead.slower,
            "faster": session.playhead.faster,
            "again": session.dreaming.another_future,
            "bookmark": session.playhead.toggle_bookmark,
            "fit": self.timeline.fit,
            "enlarge": lambda: self._stage.enlarge(self.dream),
            "longer": lambda: self._frames.setValue(self._frames.value() + 1),
            "shorter": lambda: self._frames.setValue(self._frames.value() - 1),
            "ahead_forward": lambda: self.pictures.look_by(1),
            "ahead_back": lambda: self.pictures.look_by(-1),
            "branch_forward": lambda: self._play_branch(1),
            "branch_back": lambda: self._play_branch(-1),
            "choose_level": self.levels.ask,
            "restart": self.levels.restart,
            "show_training": session.casting.show_training,
            "resume_run": self._choose_run_to_resume,
            "shortcuts": self.shortcuts.toggle,
            "palette": self._toggle_palette,
            "tour": self.guide.tour.begin,
        }.items():
            by_id[name].triggered.connect(lambda _, slot=slot: slot())
        for name, frames in {"back": -1, "forward": 1, "back_ten": -10, "forward_ten": 10}.items():
            by_id[name].triggered.connect(lambda _, frames=frames: session.playhead.step_by(frames))
        for name, direction in {"event_back": -1, "event_forward": 1}.items():
            by_id[name].triggered.connect(lambda _, direction=direction: session.playhead.landmark_by(direction))
        for name, offset in {"episode_back": -1, "episode_forward": 1}.items():
            by_id[name].triggered.connect(lambda _, offset=offset: session.playhead.episode_by(offset))
        for mode in DreamMode:
            by_id[mode.value].triggered.connect(lambda _, mode=mode: session.dreaming.set_mode(mode))
        for name, human in {"human": True, "agent": False}.items():
            by_id[name].triggered.connect(lambda _, human=human: self._show_human(human))
        by_id["film"].toggled.connect(self._show_film)
        by_id["difference"].toggled.connect(self._arrange_panes)
        self.comparing.comparing_changed.connect(self._arrange_panes)
        self.layouts.presented.connect(lambda _: self._show_film(by_id["film"].isChecked()))
        by_id["fan"].toggled.connect(self._show_fan)
        by_id["horizon"].toggled.connect(self.horizons.show_curve)
        by_id["episodes"].toggled.connect(self.episode_desk.show_episodes)
        for name, inquiry in (("what_if", self.what_if.inquiry), ("many", self.many.inquiry)):
            by_id[name].toggled.connect(inquiry.renew)
            by_id[name].toggled.connect(self._show_branch_keys)
        by_id["episodes"].toggled.connect(self.horizons.renew)
        self.horizons.changed.connect(self.episode_desk.show_episodes)
        by_id["events"].toggled.connect(self._show_events)
        by_id["latents"].toggled.connect(self.latents_desk.show)
        by_id["follow"].triggered.connect(session.playhead.follow)
        by_id["loop"].triggered.connect(session.playhead.set_loop)
        by_id["every_frame"].triggered.connect(session.playhead.set_every_frame)
        by_id["unseen"].triggered.connect(lambda: session.casting.new_level("unseen"))
        by_id["train"].triggered.connect(lambda: session.casting.new_level("train"))
        by_id["same"].triggered.connect(self._keep_level)
        for name, offset in {"level_back": -1, "level_forward": 1}.items():
            by_id[name].triggered.connect(lambda _, offset=offset: self.levels.by(offset))
        by_id["full_screen"].triggered.connect(self._set_full_screen)
        by_id["training"].toggled.connect(self._show_training)
        for overlay in self._overlays():
            overlay.toggled.connect(lambda shown, overlay=overlay: self._share_keyboard(overlay, shown))
        self.commands.chosen.connect(lambda name: by_id[name].trigger())
        self.play.keyboard_changed.connect(self._rest_review_keys)
        self.training_panel.continue_asked.connect(self._choose_run_to_resume)
        self._frames.valueChanged.connect(self._frames_chosen)

    def _connect_session(self) -> None:
        session = self._session
        session.playhead.changed.connect(self._show_moment)
        session.playhead.episode_changed.connect(self._show_position)
        session.playhead.episode_grew.connect(self._show_position)
        self.pictures.imagined_changed.connect(lambda: self.times.show_future(self.pictures.future))
        session.playhead.playback_changed.connect(self._show_playback)
        session.part.changed.connect(self._show_playback)
        session.dreaming.mode_changed.connect(self._show_mode)
        session.casting.choice_changed.connect(self._show_choice)
        session.casting.agent_changed.connect(self._show_agent)
        session.casting.open_failed.connect(self._on_open_failed)
        session.failed.connect(lambda line, details: self.show_failure("The player failed", line, details, _GONE_ON))
        session.training.state_changed.connect(self._show_training_choice)
        session.training.failed.connect(self._on_training_failed)

    def _take_settings(self) -> None:
        settings, session = self._settings, self._session
        if not (settings.geometry and self.restoreGeometry(QByteArray.fromHex(settings.geometry.encode()))):
            self.resize(*FIRST_SIZE)
        self.actions_by_id["full_screen"].setChecked(self.isFullScreen())
        if settings.speed in SPEEDS:
            session.playhead.set_speed(settings.speed)
        session.playhead.set_loop(settings.loop)
        session.playhead.set_every_frame(settings.every_frame)
        session.dreaming.set_ground_every(settings.ground_every)
        session.dreaming.set_mode(DreamMode(settings.dream_mode))
        self.actions_by_id[settings.reality_view].setChecked(True)
        self._show_human(settings.reality_view == "human")
        for name, shown in (("film", settings.film_strip), ("difference", settings.difference_pane)):
            self.actions_by_id[name].setChecked(shown)
        self._show_film(settings.film_strip)
        self._arrange_panes()
        self.actions_by_id["fan"].setChecked(settings.fan)
        self._show_branch_keys()
        self.actions_by_id["horizon"].setChecked(settings.horizon)
        if settings.heat_map:
            self.actions_by_id[f"{settings.heat_map}_map"].setChecked(True)
        self.actions_by_id["events"].setChecked(settings.event_list)
        self.look.take(settings.theme, settings.colours)
        self.training_panel.fill(remembered_form(settings.training, self.training_panel.form))
        self.actions_by_id["training"].setChecked(settings.training_panel)
        self._arrange_side()
        self.docks.put_back(settings.docks)

    # Showing

    def _show_everything(self) -> None:
        self._show_agent()
        self._show_mode()
        self._show_choice()
        self._show_playback()
        self.times.show_episode()
        self._show_moment()

    @pyqtSlot()
    def _show_moment(self) -> None:
        session = self._session
        played = session.part.role in (Role.REALITY, Role.DUEL) and session.playhead.at_live_edge
        self.readouts.show_stats(
            wording.stats(session.playhead.reel, session.playhead.index, session.playhead.moment, played)
        )
        self._show_policy()
        self._show_position()
        self.pictures.take_future()

    def _show_policy(self) -> None:
        moment = self._session.playhead.moment
        policy = None if moment is None or moment.reading is None else moment.reading.policy
        self.policy.show_policy(
            policy, None if moment is None else moment.step.action, moment is not None and moment.step.by_person
        )

    @pyqtSlot()
    def _show_position(self) -> None:
        session = self._session
        self.transport.show_position(wording.position(session.playhead.reel, session.playhead.index))
        state, away = (
            session.playhead.playback.state,
            session.playhead.reel is not None and not session.playhead.at_live_edge,
        )
        newer = session.playhead.newer if away else 0
        self.transport.show_follow(
            state is State.FOLLOWING, away, wording.follow(state, newer, _DOING[session.part.role])
        )

    @pyqtSlot()
    def _show_playback(self) -> None:
        playback = self._session.playhead.playback
        self.transport.show_playback(playback.state is not State.PAUSED, playback.speed)
        self.actions_by_id["follow"].setChecked(playback.state is State.FOLLOWING)
        self.actions_by_id["play_back"].setChecked(playback.state is State.PLAYING and playback.reverse)
        self.actions_by_id["loop"].setChecked(playback.loop)
        self.actions_by_id["every_frame"].setChecked(playback.every_frame)
        self._show_position()

    @pyqtSlot()
    def _show_mode(self) -> None:
        session, box = self._session, self._frames
        self.actions_by_id[session.dreaming.mode.value].setChecked(True)
        self.actions_by_id["again"].setEnabled(session.dreaming.mode is DreamMode.FUTURE)
        for name in ("longer", "shorter"):
            self.actions_by_id[name].setEnabled(session.dreaming.mode is not DreamMode.BELIEF)
        box.blockSignals(True)
        if session.dreaming.mode is DreamMode.FUTURE:
            box.setPrefix("")
            box.setSuffix(" ahead")
            box.setToolTip("How many frames it looks ahead (Ctrl+\u2191, Ctrl+\u2193)")
            box.setValue(session.dreaming.horizon)
        else:
            box.setPrefix("look every ")
            box.setSuffix("")
            box.setToolTip(
                "The model looks at reality once every so many frames; in between it dreams blind, "
                "along the actions really taken (Ctrl+\u2191, Ctrl+\u2193)"
            )
            box.setValue(session.dreaming.ground_every)
        box.blockSignals(False)
        box.setVisible(session.dreaming.mode is not DreamMode.BELIEF)
        self.pictures.wanted_changed()

    @pyqtSlot()
    def _show_choice(self) -> None:
        choice = self._session.casting.choice
        name = "same" if choice.level_seed is not None else choice.split
        self.actions_by_id[name].setChecked(True)

    @pyqtSlot()
    def _show_agent(self) -> None:
        agent = self._session.casting.agent
        title, line = wording.agent_lines(agent)
        self.readouts.show_agent(title, line, wording.agent_hint(agent))
        self.setWindowTitle("Dream Agent" if agent is None else f"{title} \u2013 Dream Agent")
        self._show_training_choice()
        if self._session.playhead.moment is None:
            self.pictures.take_future()

    @pyqtSlot()
    def _show_training_choice(self) -> None:
        session = self._session
        self.actions_by_id["show_training"].setEnabled(session.training.busy and not session.casting.follows_training)

    @pyqtSlot(str, str)
    def _on_open_failed(self, path: str, reason: str) -> None:
        kept = "" if self._session.casting.agent is None else f" {self._session.casting.agent.name} plays on."
        self.complain(f"{reason}{kept}" if path in reason else f"{path}: {reason}{kept}")

    @pyqtSlot(str, str)
    def _on_training_failed(self, line: str, details: str) -> None:
        self.show_failure("Training failed", line, details, _TRAINING_GONE if self.isVisible() else _NOT_SAVED)

    # Acting

    def _overlays(self) -> tuple[Shortcuts | CommandPalette | Tour, ...]:
        return self.shortcuts, self.commands, self.guide.tour

    def _share_keyboard(self, overlay: QWidget, shown: bool) -> None:
        """One overlay at a time has the keyboard, then the window again."""
        if shown:
            for other in self._overlays():
                if other is not overlay:
                    other.close_overlay()
        self._rest_review_keys()
        if not shown:
            self.setFocus()

    def _toggle_palette(self) -> None:
        if self.commands.isHidden():
            self.commands.open_with(actions.commands(self.actions_by_id))
        else:
            self.commands.close_overlay()

    @pyqtSlot()
    def _rest_review_keys(self) -> None:
        overlaid = not all(overlay.isHidden() for overlay in self._overlays())
        resting = overlaid or self.play.has_keyboard
        actions.set_review_keys(self.actions_by_id, not resting)
        if resting:
            self.activateWindow()  # a floating dock in which a person clicked would keep the keyboard

    def _show_human(self, human: bool) -> None:
        self._session.human_view.set_visible(human)
        self.pictures.take_future()

    @pyqtSlot(bool)
    def _show_film(self, shown: bool) -> None:
        self._stage.show_film(shown)
        self._session.dreaming.set_film_visible(shown and not self.layouts.presenting)
        self.pictures.wanted_changed()

    @pyqtSlot()
    def _show_branch_keys(self) -> None:
        for name in ("branch_forward", "branch_back"):
            self.actions_by_id[name].setEnabled(any(self.actions_by_id[panel].isChecked() for panel in _BRANCHES))

    def _play_branch(self, offset: int) -> None:
        """Play another branch: of the panel whose branch is on show, or else of the one that is open."""
        desks: dict[str, WhatIfDesk | ManyDreamsDesk] = {"what_if": self.what_if, "many": self.many}
        open_ones = [desks[name] for name in _BRANCHES if self.actions_by_id[name].isChecked()]
        next((desk for desk in open_ones if desk.chosen is not None), open_ones[0]).play_beside(offset)

    @pyqtSlot(bool)
    def _show_fan(self, shown: bool) -> None:
        self._session.dreaming.set_fan_visible(shown)
        self.times.show_fan()

    @pyqtSlot()
    def _arrange_panes(self) -> None:
        """Beside reality and dream the second agent's dream while it is compared, else the difference, if wanted."""
        comparing, wanted = self._session.comparison.agent is not None, self.actions_by_id["difference"]
        third = (self.compared,) if comparing else (self.difference,) if wanted.isChecked() else ()
        wanted.setEnabled(not comparing)
        self._stage.show_panes((self.reality, self.dream, *third))
        self.pictures.take_future()

    def _keep_level(self) -> None:
        self.levels.keep()
        self._show_choice()

    @pyqtSlot(int)
    def _frames_chosen(self, frames: int) -> None:
        if self._session.dreaming.mode is DreamMode.FUTURE:
            self._session.dreaming.set_horizon(frames)
        else:
            self._session.dreaming.set_ground_every(frames)

    @pyqtSlot(bool)
    def _show_training(self, shown: bool) -> None:
        if shown:
            self.actions_by_id["events"].setChecked(False)
        self._arrange_side()

    @pyqtSlot(bool)
    def _show_events(self, shown: bool) -> None:
        if shown:
            self.actions_by_id["training"].setChecked(False)
        self._arrange_side()
        self.times.show_events()

    def _arrange_side(self) -> None:
        """The column at the right: below the read-outs the policy, or the events, or the training panel."""
        training, events = (self.actions_by_id[name].isChecked() for name in ("training", "events"))
        self._side.setFixedWidth(SIDE_WIDTH_TRAINING if training else SIDE_WIDTH)
        self.readouts.set_columns(2 if training else 1)
        self.policy.setVisible(not training and not events)
        self.events.setVisible(events)
        for part in (self._rule, self.training_panel):
            part.setVisible(training)
        self.training_curves.setVisible(training and self.desk.graphs_wanted)

    @pyqtSlot(bool)
    def _set_full_screen(self, full: bool) -> None:
        self.setWindowState(
            self.windowState() | Qt.WindowState.WindowFullScreen
            if full
            else self.windowState() & ~Qt.WindowState.WindowFullScreen
        )

    def open_path(self, path: str) -> None:
        """Show a recording, or let the agent of a checkpoint, or of a run's newest one, play."""
        chosen = Path(path)
        self._settings = self._settings.replace(folder=str(chosen.parent))
        self.files.open_path(chosen)

    def _dismiss_run(self, path: str) -> None:
        self._settings = self._settings.replace(dismissed=[*self._settings.dismissed, path])

    def _resume_run(self, path: str) -> None:
        others = [folder for folder in self._settings.dismissed if folder != path]
        self._settings = self._settings.replace(dismissed=others)
        self.actions_by_id["training"].setChecked(True)
        self.desk.resume_run(Path(path))

    def _choose_file(self) -> None:
        dialog = QFileDialog(self, "Open a checkpoint or a recording", self._settings.folder)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setNameFilters([files_desk.OPENED, "All files (*)"])
        dialog.fileSelected.connect(self.open_path)
        self._open_dialog(dialog)

    def _choose_run(self) -> None:
        dialog = QFileDialog(self, "Open a run's newest checkpoint", self._settings.folder)
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.fileSelected.connect(self.open_path)
        self._open_dialog(dialog)

    def _choose_run_to_resume(self) -> None:
        dialog = QFileDialog(self, "Continue a run", str(runs_dir()))
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.fileSelected.connect(self._resume_run)
        self._open_dialog(dialog)

    def _open_dialog(self, dialog: QFileDialog) -> None:
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

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
            path = mime.urls()[0].toLocalFile()
            if a0.modifiers() & Qt.KeyboardModifier.ShiftModifier:
                self.comparing.open(Path(path))
            else:
                self.open_path(path)

    def closeEvent(self, a0: QCloseEvent | None) -> None:
        """Go at once; what has to be saved is saved behind."""
        if a0 is not None:
            a0.accept()
        self.pictures.stop()
        if not self._closed:
            self._closed = True
            self.closing.emit()
        self.docks.leave()


def _film_room(width: int) -> stage.Film:
    return stage.Film(*film_strip.heights(width))
