"""What it means to sign a report: intake inspection, providers, the acceptance gate, the durable job."""
