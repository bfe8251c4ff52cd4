"""Signing in to the console: sessions, accounts of ours, an OpenID provider."""
