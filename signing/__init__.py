"""What it means to sign a report: intake scan, providers, acceptance gate, evidence."""
