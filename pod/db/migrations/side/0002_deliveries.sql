-- How far each channel that is pushed to has come, and how that goes.

CREATE TABLE delivery (
  channel TEXT PRIMARY KEY,
  epoch TEXT NOT NULL,
  sequence BIGINT NOT NULL,
  failures BIGINT NOT NULL,
  due_ms BIGINT NOT NULL,
  last_status BIGINT,
  last_error TEXT,
  last_success_ms BIGINT,
  disabled_ms BIGINT
);
