"""The rules of each stage, one module per stage."""
