"""The risk assessment and its verdict."""
