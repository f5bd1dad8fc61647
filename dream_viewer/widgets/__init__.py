"""Widgets, one a file: they are given arrays and records to show, and never know a model, a game or each other."""
