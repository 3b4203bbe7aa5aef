"""The people in a pod: its owner's profile, and the contacts of an address book."""
