"""Reaching people, informing them and asking what they want."""
