"""What messages say and by which way they leave: wording, calendar entries, e-mail, text messages and letters."""
