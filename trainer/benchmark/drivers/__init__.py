"""Other people's updates, each timed in an environment of its own.

The files here are started by path with the other environment's Python: nothing of ours is importable there, and they
import the other library only once they run. A driver has one function, `build(work)`, which returns the update and
what a person should know about it.
"""
