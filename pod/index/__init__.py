"""What the documents of a pod say, read once for lists, counts and links; and who other people are."""
