"""What the application needs around its window: the system's libraries, caught exceptions, garbage collection, a look
for trainings that broke off, a screenshot, and the one way out. It may import the main window and what lies below it.
"""
