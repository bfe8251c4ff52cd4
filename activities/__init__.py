"""The only code that touches the world on a workflow's behalf."""
