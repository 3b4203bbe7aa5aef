"""What an organisation's operators do for its members: nothing of it reads what a member keeps."""
