"""What people write in their pods for others to read."""
