-- How much was left through a link, which takes no more than its share of the pod.
ALTER TABLE share_link ADD COLUMN bytes BIGINT NOT NULL DEFAULT 0;
