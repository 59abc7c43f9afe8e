"""The background rooms of `channels.records`: capture, reading, PDFs, what goes onward."""
