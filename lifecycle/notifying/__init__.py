"""Who is told what, when a message may be sent, and what staff must tell somebody in person."""
