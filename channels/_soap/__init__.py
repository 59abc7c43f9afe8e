"""What `soap_in` and `soap_out` are made of: envelopes without I/O, spyne's part, the HTTP listener, the page."""
