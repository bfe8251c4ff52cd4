"""Figures for commissioners: each with the rule it is counted by."""
