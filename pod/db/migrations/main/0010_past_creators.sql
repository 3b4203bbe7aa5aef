-- Who had made what a deletion removed, for access policies that name its creator: they decide who may hear of it.
ALTER TABLE change ADD COLUMN creator TEXT;
