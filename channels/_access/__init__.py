"""The blocking half of `channels.access`: ODBC, in a thread."""
