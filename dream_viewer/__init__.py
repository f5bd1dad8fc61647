"""The window: reality beside the dream, the value timeline below, and training in the background."""
