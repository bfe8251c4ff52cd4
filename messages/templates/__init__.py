"""The wording of messages that ships with the service, one file for each template and language."""
