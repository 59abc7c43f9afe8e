"""The store: one database for engine, records and signing; one writer; blobs beside it."""
