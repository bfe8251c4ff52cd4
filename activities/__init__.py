"""The activities: all I/O on behalf of a workflow."""
