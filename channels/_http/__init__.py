"""What the channels that call by HTTP share."""
