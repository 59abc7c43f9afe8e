"""What operators and physicians may do to runs: writer functions for the API and the command line."""
