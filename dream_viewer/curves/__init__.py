"""What is drawn over time: the curves, bands and marks of the timeline, which stretch of an episode it shows, its line
of words, and which curves a training has. Widgets are made of them; they see records, colours, pictures' scales and
words, and neither session nor widgets.
"""
