"""The blocking half of `channels.folder`: the file system, in a thread."""
