"""Timing: working time, clocks and their deadlines, what is raised when one is missed, and pauses."""
