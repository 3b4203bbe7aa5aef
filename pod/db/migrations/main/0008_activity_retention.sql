-- For how many days it is kept who used what in a storage: 0 is not at all, none is what the settings say.
ALTER TABLE storage ADD COLUMN activity_days BIGINT CHECK (activity_days >= 0);
