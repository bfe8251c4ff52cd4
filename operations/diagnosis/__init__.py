"""What is wrong with an installation and how it is mended: `rj doctor`, and the page of health."""
