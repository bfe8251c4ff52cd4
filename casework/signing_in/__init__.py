"""Signing in to the console: local accounts, an OpenID provider, and the sessions of a person."""
