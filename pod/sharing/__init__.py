"""What owners give to others: people, groups and everyone, under the access rules of their pods."""
