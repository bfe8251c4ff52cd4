"""What every answer says to browsers, what every request must keep to, and the cookie."""
