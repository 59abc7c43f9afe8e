"""Stand-ins of the outside world: HIS, CA, device and scanner. They import nothing of the product."""
