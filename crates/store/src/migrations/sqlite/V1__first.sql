-- The first schema.
--
-- Conventions: `account` is the small number that stands for an account's id (table accounts) and leads every key that is
-- asked per account. Ids with an order (deliveries, files, rows) are kept with their top bit flipped, so that signed
-- integers sort like them. `data` and `state` are compact records (see sqlite/rows/codec.rs): columns exist only for what
-- queries filter or order by. `sealed` is encrypted with the installation's master key.

CREATE TABLE accounts (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    data BLOB
);

-- Written by the readiness check, so that it proves that the disk takes writes.
CREATE TABLE heartbeat (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    beats INTEGER NOT NULL
) WITHOUT ROWID;
INSERT INTO heartbeat (one, beats) VALUES (1, 0);

-- Configuration.

CREATE TABLE skills (
    account INTEGER NOT NULL,
    id INTEGER NOT NULL,
    name TEXT NOT NULL,
    data BLOB NOT NULL,
    PRIMARY KEY (account, id)
) WITHOUT ROWID;
CREATE UNIQUE INDEX skills_name ON skills (account, name);

CREATE TABLE profiles (
    account INTEGER NOT NULL,
    name TEXT NOT NULL,
    data BLOB NOT NULL,
    PRIMARY KEY (account, name)
) WITHOUT ROWID;

CREATE TABLE users (
    account INTEGER NOT NULL,
    id INTEGER NOT NULL,
    login_folded TEXT NOT NULL,
    pid BLOB NOT NULL,
    data BLOB NOT NULL,
    PRIMARY KEY (account, id)
) WITHOUT ROWID;
CREATE UNIQUE INDEX users_login ON users (account, login_folded);
CREATE UNIQUE INDEX users_pid ON users (pid);

CREATE TABLE logins (
    account INTEGER NOT NULL,
    user INTEGER NOT NULL,
    data BLOB NOT NULL,
    sealed BLOB NOT NULL,
    PRIMARY KEY (account, user)
) WITHOUT ROWID;

CREATE TABLE sources (
    account INTEGER NOT NULL,
    id INTEGER NOT NULL,
    channel TEXT NOT NULL,
    address TEXT NOT NULL,
    enabled INTEGER NOT NULL,
    data BLOB NOT NULL,
    sealed BLOB NOT NULL,
    PRIMARY KEY (account, id)
) WITHOUT ROWID;
CREATE UNIQUE INDEX sources_address ON sources (channel, address) WHERE enabled = 1;

CREATE TABLE channel_apps (
    account INTEGER NOT NULL,
    id INTEGER NOT NULL,
    channel TEXT NOT NULL,
    name TEXT NOT NULL,
    data BLOB NOT NULL,
    sealed BLOB NOT NULL,
    PRIMARY KEY (account, id)
) WITHOUT ROWID;
CREATE UNIQUE INDEX channel_apps_name ON channel_apps (account, channel, name);

CREATE TABLE connector_apps (
    account INTEGER NOT NULL,
    client_id TEXT NOT NULL,
    data BLOB NOT NULL,
    sealed BLOB NOT NULL,
    PRIMARY KEY (account, client_id)
) WITHOUT ROWID;

CREATE TABLE sessions (
    token_hash BLOB PRIMARY KEY,
    account INTEGER NOT NULL,
    user INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    data BLOB NOT NULL
) WITHOUT ROWID;
CREATE INDEX sessions_user ON sessions (account, user);
CREATE INDEX sessions_expiry ON sessions (expires_at);

CREATE TABLE applied (
    account INTEGER NOT NULL,
    path TEXT NOT NULL,
    hash BLOB NOT NULL,
    PRIMARY KEY (account, path)
) WITHOUT ROWID;

-- Duplicates. The narrow table is the guard; the wide one is append-only, holds the whole key for the comparison after a
-- hit, and ages out from its beginning.

CREATE TABLE guards (
    account INTEGER NOT NULL,
    hash INTEGER NOT NULL,
    item INTEGER NOT NULL,
    PRIMARY KEY (account, hash, item)
) WITHOUT ROWID;

CREATE TABLE guard_items (
    item INTEGER PRIMARY KEY,
    account INTEGER NOT NULL,
    hash INTEGER NOT NULL,
    source INTEGER NOT NULL,
    key TEXT NOT NULL,
    at INTEGER NOT NULL
);

CREATE TABLE answers (
    account INTEGER NOT NULL,
    caller TEXT NOT NULL,
    key TEXT NOT NULL,
    asked BLOB NOT NULL,
    answer TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (account, caller, key)
) WITHOUT ROWID;
CREATE INDEX answers_age ON answers (at);

-- Consumers. `number` exists for the text index.

CREATE TABLE consumers (
    number INTEGER PRIMARY KEY,
    account INTEGER NOT NULL,
    id BLOB NOT NULL,
    source INTEGER NOT NULL,
    address TEXT NOT NULL,
    name TEXT,
    data BLOB NOT NULL
);
CREATE UNIQUE INDEX consumers_id ON consumers (account, id);
CREATE UNIQUE INDEX consumers_address ON consumers (account, source, address);

-- `scope` is one trigram per account, so that a search never walks another account's consumers.
CREATE VIRTUAL TABLE consumer_text USING fts5 (
    scope, name, address,
    content = '', contentless_delete = 1, tokenize = 'trigram'
);

CREATE TABLE consents (
    account INTEGER NOT NULL,
    consumer BLOB NOT NULL,
    id INTEGER NOT NULL,
    data BLOB NOT NULL,
    PRIMARY KEY (account, consumer, id)
) WITHOUT ROWID;

-- Conversations. `class`: open 1 with an assigned agent, 2 without; closed 0 with one, -1 without. `skill`: -1 for none.
-- `members` is what table members holds of this row, so that an unchanged membership costs one comparison.

CREATE TABLE conversations (
    account INTEGER NOT NULL,
    id BLOB NOT NULL,
    version INTEGER NOT NULL,
    class INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    skill INTEGER NOT NULL,
    consumer BLOB NOT NULL,
    last_content INTEGER,
    members BLOB NOT NULL,
    state BLOB NOT NULL,
    PRIMARY KEY (account, id)
) WITHOUT ROWID;
-- The only index that moves with every message.
CREATE INDEX conversations_changed ON conversations (account, class, updated_at, id, skill);
CREATE INDEX conversations_closed_skill ON conversations (account, skill, class, updated_at, id) WHERE class <= 0;
CREATE INDEX conversations_closed_consumer ON conversations (account, consumer, class, updated_at, id, skill) WHERE class <= 0;
CREATE UNIQUE INDEX conversations_one_open ON conversations (account, consumer) WHERE class > 0;

-- Users in conversations. `at` is 0 while the conversation is open and its last change afterwards: a closed
-- conversation's list needs no sorting, an open one's row is not touched by messages.
CREATE TABLE members (
    account INTEGER NOT NULL,
    user INTEGER NOT NULL,
    class INTEGER NOT NULL,
    at INTEGER NOT NULL,
    conversation BLOB NOT NULL,
    assigned INTEGER NOT NULL,
    PRIMARY KEY (account, user, class, at, conversation)
) WITHOUT ROWID;
CREATE INDEX members_assigned ON members (account, user, conversation) WHERE class = 1 AND assigned = 1;

CREATE TABLE events (
    account INTEGER NOT NULL,
    conversation BLOB NOT NULL,
    dialog INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    data BLOB NOT NULL,
    PRIMARY KEY (account, conversation, dialog, sequence)
) WITHOUT ROWID;

CREATE TABLE changes (
    account INTEGER NOT NULL,
    conversation BLOB NOT NULL,
    version INTEGER NOT NULL,
    data BLOB NOT NULL,
    PRIMARY KEY (account, conversation, version)
) WITHOUT ROWID;

CREATE TABLE tasks (
    account INTEGER NOT NULL,
    conversation BLOB NOT NULL,
    data BLOB NOT NULL,
    PRIMARY KEY (account, conversation)
) WITHOUT ROWID;

CREATE TABLE agent_states (
    account INTEGER NOT NULL,
    user INTEGER NOT NULL,
    availability INTEGER NOT NULL,
    last_assigned_at INTEGER NOT NULL,
    PRIMARY KEY (account, user)
) WITHOUT ROWID;

-- Deliveries. `status` is the place in the domain's list of statuses: 0 queued, 2 unknown, 3 sent, 5 delivered …

CREATE TABLE deliveries (
    account INTEGER NOT NULL,
    id INTEGER NOT NULL,
    conversation BLOB NOT NULL,
    dialog INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    source INTEGER NOT NULL,
    status INTEGER NOT NULL,
    vendor_hash INTEGER,
    data BLOB NOT NULL,
    PRIMARY KEY (account, id)
) WITHOUT ROWID;
CREATE INDEX deliveries_outbox ON deliveries (id, account) WHERE status = 0;
CREATE INDEX deliveries_vendor ON deliveries (account, source, vendor_hash) WHERE vendor_hash IS NOT NULL;
CREATE INDEX deliveries_event ON deliveries (account, conversation, dialog, sequence, id);
CREATE INDEX deliveries_conversation ON deliveries (account, conversation, id);
CREATE INDEX deliveries_unread ON deliveries (account, conversation, id) WHERE status IN (2, 3, 5);
CREATE INDEX deliveries_status ON deliveries (account, status, id);
CREATE INDEX deliveries_source ON deliveries (account, source, id);

CREATE TABLE files (
    account INTEGER NOT NULL,
    id INTEGER NOT NULL,
    path TEXT NOT NULL,
    fetch_at INTEGER,
    data BLOB NOT NULL,
    PRIMARY KEY (account, id)
) WITHOUT ROWID;
CREATE UNIQUE INDEX files_path ON files (path);
CREATE INDEX files_pending ON files (fetch_at, id) WHERE fetch_at IS NOT NULL;

-- Logs. Their rows are wide, so they have row ids of their own.

CREATE TABLE dead_letters (
    number INTEGER PRIMARY KEY,
    account INTEGER NOT NULL,
    id INTEGER NOT NULL,
    redriven_at INTEGER,
    data BLOB NOT NULL,
    sealed BLOB NOT NULL
);
CREATE UNIQUE INDEX dead_letters_id ON dead_letters (account, id);

CREATE TABLE channel_log (
    number INTEGER PRIMARY KEY,
    account INTEGER NOT NULL,
    id INTEGER NOT NULL,
    at INTEGER NOT NULL,
    source INTEGER,
    conversation BLOB,
    delivery INTEGER,
    data BLOB NOT NULL
);
CREATE UNIQUE INDEX channel_log_id ON channel_log (account, id);
CREATE INDEX channel_log_source ON channel_log (account, source, id) WHERE source IS NOT NULL;
CREATE INDEX channel_log_conversation ON channel_log (account, conversation, id) WHERE conversation IS NOT NULL;
CREATE INDEX channel_log_delivery ON channel_log (account, delivery, id) WHERE delivery IS NOT NULL;

CREATE TABLE audit (
    number INTEGER PRIMARY KEY,
    account INTEGER NOT NULL,
    id INTEGER NOT NULL,
    data BLOB NOT NULL
);
CREATE UNIQUE INDEX audit_id ON audit (account, id);
