"""Who used what: what owners ask of the access log, and what they take along of it."""
