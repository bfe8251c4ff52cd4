"""The keys inside and outside the database, and their destruction for erasure."""
