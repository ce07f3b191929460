-- What users who signed in let apps have: a code that is exchanged once, or a token that renews what they hold.
-- Only the hash of either is kept.
CREATE TABLE app_grants (
    token_hash BLOB PRIMARY KEY,
    account INTEGER NOT NULL,
    app TEXT NOT NULL,
    user INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    data BLOB NOT NULL
) WITHOUT ROWID;
CREATE INDEX app_grants_user ON app_grants (account, user);
CREATE INDEX app_grants_app ON app_grants (account, app);
CREATE INDEX app_grants_expiry ON app_grants (expires_at);
