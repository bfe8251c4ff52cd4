"""The wording and the channels of messages: templates, calendar entries, e-mail, text messages and letters."""
