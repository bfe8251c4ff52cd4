"""Forms made from the schemas of commands: their fields, what a person sent, and what is wrong with it."""
