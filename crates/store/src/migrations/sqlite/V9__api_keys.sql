-- Keys of the admin API. Only a hash of each secret is kept, and it is one installation's: whoever shows a secret names no account.
-- `used_at`: when it was last used, to the minute.
CREATE TABLE api_keys (
    account INTEGER NOT NULL,
    id INTEGER NOT NULL,
    name TEXT NOT NULL,
    hash BLOB NOT NULL,
    used_at INTEGER,
    data BLOB NOT NULL,
    PRIMARY KEY (account, id)
) WITHOUT ROWID;
CREATE UNIQUE INDEX api_keys_name ON api_keys (account, name);
CREATE UNIQUE INDEX api_keys_hash ON api_keys (hash);
