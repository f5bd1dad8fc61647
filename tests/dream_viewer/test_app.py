"""The application as it is put together."""

import gc

import pytest
from PyQt6.QtWidgets import QApplication

from dream_viewer import app as application
from dream_viewer.lifetime.collector import Collector
from dream_viewer.options import ViewOptions
from dream_viewer.workers.player_worker import PlayerWorker


def test_no_worker_starts_before_the_window_collects(qapp: QApplication, monkeypatch: pytest.MonkeyPatch) -> None:
    gc.enable()
    monkeypatch.setattr(application, "QApplication", lambda _: qapp)
    monkeypatch.setattr(application, "qInstallMessageHandler", lambda _: None)
    monkeypatch.setattr(application, "_watch_native_crashes", lambda: None)
    enabled: list[bool] = []

    def start(worker: PlayerWorker) -> None:
        enabled.append(gc.isenabled())
        raise KeyboardInterrupt

    monkeypatch.setattr(PlayerWorker, "start", start)
    with pytest.raises(KeyboardInterrupt):
        application.run(ViewOptions())
    for collector in qapp.findChildren(Collector):
        collector.uninstall()
    assert enabled == [False]
