"""Who has the keyboard: an overlay, the game that a person plays, or else the window with its review keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PyQt6.QtCore import QObject, pyqtSlot
from PyQt6.QtGui import QAction
from PyQt6.QtWidgets import QWidget

from dream_viewer import actions
from dream_viewer.desks.play_desk import PlayDesk
from dream_viewer.widgets.command_palette import CommandPalette
from dream_viewer.widgets.shortcuts import Shortcuts
from dream_viewer.widgets.tour import Tour


class KeyboardDesk(QObject):
    """Lets one at a time have the keyboard, and opens the overlays that are about it.

    Args:
        shortcuts, palette, tour: the overlays. play: the game that a person plays.
        actions_by_id: that rest meanwhile. window: has the keyboard else.
    """

    def __init__(
        self,
        shortcuts: Shortcuts,
        palette: CommandPalette,
        tour: Tour,
        play: PlayDesk,
        actions_by_id: Mapping[str, QAction],
        window: QWidget,
    ) -> None:
        super().__init__(window)
        self._overlays: Sequence[Shortcuts | CommandPalette | Tour] = (shortcuts, palette, tour)
        self._palette, self._play, self._actions, self._window = palette, play, actions_by_id, window
        for overlay in self._overlays:
            overlay.toggled.connect(lambda shown, overlay=overlay: self._share(overlay, shown))
        play.keyboard_changed.connect(self._rest_review_keys)
        palette.chosen.connect(lambda name: actions_by_id[name].trigger())
        actions_by_id["shortcuts"].triggered.connect(lambda _: shortcuts.toggle())
        actions_by_id["palette"].triggered.connect(lambda _: self._toggle_palette())
        actions_by_id["tour"].triggered.connect(lambda _: tour.begin())

    def _toggle_palette(self) -> None:
        if self._palette.isHidden():
            self._palette.open_with(actions.commands(self._actions))
        else:
            self._palette.close_overlay()

    def _share(self, overlay: QWidget, shown: bool) -> None:
        if shown:
            for other in self._overlays:
                if other is not overlay:
                    other.close_overlay()
        self._rest_review_keys()
        if not shown:
            self._window.setFocus()

    @pyqtSlot()
    def _rest_review_keys(self) -> None:
        resting = self._play.has_keyboard or not all(overlay.isHidden() for overlay in self._overlays)
        actions.set_review_keys(self._actions, not resting)
        if resting:
            self._window.activateWindow()  # a floating dock in which a person clicked would keep the keyboard
