"""Preparing an activity: who runs it, how, and the meetings before it."""
