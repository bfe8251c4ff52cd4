"""Everything that Temporal keeps is sealed here, each payload for the place where it stands."""
