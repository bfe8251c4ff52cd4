"""Somebody who is not known to the service asks to be called: their answers, their request, and its opening."""
