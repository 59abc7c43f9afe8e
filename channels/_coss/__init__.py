"""What `channels/coss.py` is made of."""
