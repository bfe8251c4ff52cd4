"""What the workers of an invented year do: for each duty of the work, when it is there, whose it is and how it is done.

The duties are a table: each function yields what there is to do in the present state, and is found by its decorator.
The rules alone decide whether it may be done; what they refuse is put off and tried again.
"""

# Importing a module enters its duties.
from simulation.year.duties import (
    beside,
    closed,
    conference,
    contact,
    exchange,
    follow_up,
    intake,
    planning,
    preparation,
    risk,
    throughout,
    transfers,
)
from simulation.year.duties.table import DUTIES, Case, Todo, todos

ALL = (
    intake,
    contact,
    risk,
    planning,
    preparation,
    exchange,
    conference,
    follow_up,
    closed,
    throughout,
    transfers,
    beside,
)

__all__ = ["ALL", "DUTIES", "Case", "Todo", "todos"]
