-- Uploads that nobody has published yet are found by their age. `unshown_at`: when such a file was made; NULL once an event shows
-- it. What was stored before is looked at once: 0 sorts first, and whoever finds such a file shown writes it again.

ALTER TABLE files ADD COLUMN unshown_at INTEGER DEFAULT 0;
CREATE INDEX files_unshown ON files (unshown_at, id) WHERE unshown_at IS NOT NULL;
