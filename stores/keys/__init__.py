"""The keys outside and inside the database, and what of them is destroyed to erase."""
