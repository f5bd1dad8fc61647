"""What goes between the session and its workers, questions included: frozen records of plain values and read-only
arrays. Nothing here knows Qt or torch, or anything else of the window, so a process can take a thread's place without
a widget noticing.
"""
