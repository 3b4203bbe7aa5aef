-- Who made a resource, for access policies that name its creator. Unknown of what was there before, and of what nobody
-- signed in or the server itself made. It comes after the body, which is passed over only where a policy asks.
ALTER TABLE resource ADD COLUMN creator TEXT;
