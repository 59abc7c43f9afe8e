"""What `smtp_out` is made of: the letter, and the conversation that hands it over."""
