-- Deliveries: one index by conversation, in the order of the events, serves what three did; the outbox is read by status.
-- Each index less is a page less to write with every delivery, twice.

DROP INDEX deliveries_outbox;
DROP INDEX deliveries_event;
DROP INDEX deliveries_unread;
DROP INDEX deliveries_conversation;
CREATE INDEX deliveries_conversation ON deliveries (account, conversation, dialog, sequence, id);

-- The channel log: webhooks are in it too, and may be asked for alone. All rows so far are calls of ours. The direction
-- stands in the indexes, so that a list of one direction looks at no row of the other.

ALTER TABLE channel_log ADD COLUMN inbound INTEGER NOT NULL DEFAULT 0;
DROP INDEX channel_log_id;
DROP INDEX channel_log_source;
DROP INDEX channel_log_conversation;
CREATE INDEX channel_log_id ON channel_log (account, id, inbound);
CREATE INDEX channel_log_source ON channel_log (account, source, id, inbound) WHERE source IS NOT NULL;
CREATE INDEX channel_log_conversation ON channel_log (account, conversation, id, inbound) WHERE conversation IS NOT NULL;
