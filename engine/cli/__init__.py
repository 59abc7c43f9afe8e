"""The command line: each command is one file here, with `arguments(parser)` and `run(options)`."""
