"""Work on files that belongs beside the player, a piece at a time: recordings saved and opened, exports."""

from __future__ import annotations

from collections.abc import Callable, Generator
from pathlib import Path

from dream_viewer.messages.lived import Recalled, arrival_of
from dream_viewer.messages.news import News, Working, Written
from dream_viewer.messages.orders import ExportRequest
from dream_viewer.workers.study_lane import StudyLane
from dream_viewer.workers.telling import telling
from trainer.agent.agent import Agent
from trainer.envs.viewer import MakeEnv
from trainer.episode import Episode
from trainer.errors import UserError
from trainer.player import Player
from trainer.recording import read_recording, recording_of, save_recording

FIRST_RECALLED = -2
"""Number of the first episode that is opened from a file; the next one has one less, so none is one that was lived."""


class FileDesk:
    """Takes orders about files; what came of them goes through `tell`, what could not be done through `refuse`.

    Args:
        tell: takes each piece of news. refuse: takes one sentence.
    """

    def __init__(self, tell: Callable[[News], None], refuse: Callable[[str], None]) -> None:
        self._saves, self._others = StudyLane(), StudyLane()
        self._tell, self._refuse = tell, refuse
        self._next_number = FIRST_RECALLED

    @property
    def computing(self) -> bool:
        """A recording is being read or an export drawn, with the agent that played when that began."""
        return self._others.busy

    def save_recording(self, path: Path, episode: Episode) -> None:
        """Write the recording of an episode that does not grow meanwhile."""
        self._saves.submit(str(path), self._guarded(self._saving(path, episode)))

    def open_recording(self, player: Player, path: Path) -> None:
        """Play a recording again and let the player read it."""
        self._others.submit("recall", self._guarded(self._recalling(player, path)))

    def export(self, player: Player, other: Agent | None, request: ExportRequest, seed: int, make_env: MakeEnv) -> None:
        """Draw what was asked for; an export in the making gives way. `other`: the agent that is compared, if any."""
        self._others.submit("export", self._guarded(self._exporting(player, other, request, seed, make_env)))

    def cancel_export(self) -> None:
        """Give up the export in the making; it leaves nothing behind."""
        self._others.cancel("export")

    def cancel_recording(self) -> None:
        """Give up the recording that is being opened."""
        self._others.cancel("recall")

    def turn(self) -> bool:
        """Do a piece of the work there is; False where there is none."""
        return self._saves.turn() | self._others.turn()

    def finish(self) -> None:
        """Bring to an end what is being saved, and give up the rest.

        Raises:
            Exception: what went wrong with one of them, unforeseen; the others are saved all the same.
        """
        self._others.cancel()
        try:
            while self._saves.turn():
                pass
        finally:
            if self._saves.busy:
                self.finish()

    def _guarded(self, job: Generator[None, None, None]) -> Generator[None, None, None]:
        try:
            yield from job
        except UserError as error:
            self._refuse(str(error))

    def _saving(self, path: Path, episode: Episode) -> Generator[None, None, None]:
        save_recording(path, (yield from recording_of(episode)))
        self._tell(News((Written(path),)))

    def _exporting(
        self, player: Player, other: Agent | None, request: ExportRequest, seed: int, make_env: MakeEnv
    ) -> Generator[None, None, None]:
        # This brings av: 0.1 s that not every start should pay.
        from dream_viewer.workers.exporting import exporting, frames_of_work

        name, frames = request.path.name, frames_of_work(request)
        self._tell(News((Working("export", name, 0, frames),)))  # the first frame may take seconds
        yield from telling(exporting(request, player.agent, other, seed, make_env), self._tell, "export", name, frames)
        self._tell(News((Written(request.path),)))

    def _recalling(self, player: Player, path: Path) -> Generator[None, None, None]:
        recording = read_recording(path)
        number, self._next_number = self._next_number, self._next_number - 1
        job = player.recall(number, recording)
        restored, moments = yield from telling(job, self._tell, "recording", path.name, len(recording.rewards))
        episode, first = restored.episode, moments[0].reading
        assert first is not None  # an episode opens with a frame that is seen
        arrival = arrival_of(number, first.generation, episode, moments)
        self._tell(News((Recalled(path, arrival, restored.differs),)))
