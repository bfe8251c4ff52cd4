"""The servers that `rj up` runs on one machine, and their data folder."""
