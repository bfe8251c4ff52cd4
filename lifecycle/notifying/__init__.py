"""Who is told of what, when a message may leave, and what people must tell somebody themselves."""
