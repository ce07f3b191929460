-- Notifications to apps: a row from the commit that caused it to the day it ages out. While it waits it is the queue, later it is
-- the log. `app` stands for the app's client id, `conversation` is whose order it keeps, `state` is 0 waiting, 1 delivered,
-- 2 dropped; `data` is what it tells, `tries` how it fared.

CREATE TABLE notifications (
    account INTEGER NOT NULL,
    app INTEGER NOT NULL,
    id INTEGER NOT NULL,
    conversation BLOB NOT NULL,
    at INTEGER NOT NULL,
    state INTEGER NOT NULL,
    data BLOB NOT NULL,
    tries BLOB,
    PRIMARY KEY (account, app, id)
) WITHOUT ROWID;
-- The queue: as long as what waits.
CREATE INDEX notifications_waiting ON notifications (account, app, conversation, id) WHERE state = 0;
CREATE INDEX notifications_dropped ON notifications (account, app, id) WHERE state = 2;
