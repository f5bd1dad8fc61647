"""The window: reality beside the dream, the value timeline below, and training in the background.

Where to begin: `app` puts the application together, `main_window` the widgets; `actions` is the table of everything a
person can do. The data goes one way:

- `workers/` run game and model, each in a thread of its own, and leave `messages/` in a `mailbox`.
- `session` takes them to the parts in `state/` that hold what is on show: `playhead` (the cursor over `episodes/`),
  `casting`, `dreaming`, `human_view`, `asked_questions`, `episode_files`, `taking_part`, `comparison`, `training`.
- A desk in `desks/` listens to one of these parts and turns what it holds into `records`, with `pictures/` and
  `words/`, which know no Qt.
- `widgets/` paint the records, of what lies in `look/` and `curves/`, and tell their desk what a person did; it calls
  the session's part, and that a worker.

`lifetime/` is what the application needs around its window, `benchmark/` times it. Which package may import which is
written in `setup.cfg`.
"""
