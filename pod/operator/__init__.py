"""What whoever runs a server is told about it: `freehold doctor`."""
