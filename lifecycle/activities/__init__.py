"""Activities: who takes part in one, what it lacks, and how it is prepared; its letters and recorded messages."""
