"""The rules of each stage, a module a stage."""
