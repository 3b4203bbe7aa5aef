"""Mail to people with an account here: what it says, and how it leaves."""
