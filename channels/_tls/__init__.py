"""TLS of every listening and calling channel: settings, files, contexts, and the end of certificates as health."""
