"""How the window looks: colours, fonts and icons, labels that shorten themselves, and what several widgets are painted
of. It may import pictures, words and records, and no widget.
"""
