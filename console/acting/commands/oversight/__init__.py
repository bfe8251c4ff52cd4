"""What supervisors decide, and what concerns the case as a whole."""
