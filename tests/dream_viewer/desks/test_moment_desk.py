"""The policy of the Moment under the cursor."""

from __future__ import annotations

from dataclasses import replace

from PyQt6.QtCore import QPointF

from tests.dream_viewer.feed import arrival, end_moment, moment
from tests.dream_viewer.window import Desk


def test_the_policy_is_that_of_the_moment_under_the_cursor(desk: Desk) -> None:
    policy = desk.window.policy
    policy.resize(180, policy.sizeHint().height())
    desk.live(1)
    played = moment(2, action=5)
    played = replace(played, step=replace(played.step, by_person=True))
    desk.player.tell(arrival([moment(1, action=3), played, end_moment()], 1, outcome="won"))
    desk.session.tick()
    told = []
    for index in range(4):
        desk.session.playhead.seek(index)
        rows = [policy.text_at(QPointF(50, 20 + 18 * action + 9)) for action in range(15)]
        told.append([row for row in rows if "60.0 %" in row])
    assert told == [
        ["right: 60.0 %, about to be taken"],
        ["down: 60.0 %, about to be taken"],
        ["up: 60.0 %, chosen by a person"],
        [],
    ]
