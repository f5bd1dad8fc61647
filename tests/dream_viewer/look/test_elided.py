"""What has no room is said in fewer words before any is cut."""

from __future__ import annotations

from pytestqt.qtbot import QtBot

from dream_viewer.look.elided import ElidedLabel


def test_a_shorter_form_stands_in_before_anything_is_cut(qtbot: QtBot) -> None:
    label = ElidedLabel("detail")
    qtbot.addWidget(label)
    forms = ("Episode 2 · 54 / 55", "54 / 55", "54")
    label.show_text(forms[0], shorter=forms[1:])
    label.show()
    for form in forms:
        label.resize(label.fontMetrics().horizontalAdvance(form), 20)
        assert label.text() == form and label.full == forms[0]
    assert label.toolTip() == forms[0]
