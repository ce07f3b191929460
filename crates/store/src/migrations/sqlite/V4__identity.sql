-- Identity: what tokens are signed with, and who else may vouch for consumers.

-- The installation's keys. They belong to no account: those who check our tokens find a key by its id alone.
-- `purpose` keeps uses apart, `sealed` is the private key.
CREATE TABLE signing_keys (
    purpose TEXT NOT NULL,
    id TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    sealed BLOB NOT NULL,
    PRIMARY KEY (purpose, id)
) WITHOUT ROWID;

-- Secrets that an account keeps for ever, for example the one that consumers' ids are derived with.
CREATE TABLE account_secrets (
    account INTEGER NOT NULL,
    purpose TEXT NOT NULL,
    sealed BLOB NOT NULL,
    PRIMARY KEY (account, purpose)
) WITHOUT ROWID;

-- The brand's own log-ins, whose signed identities we accept.
CREATE TABLE identity_providers (
    account INTEGER NOT NULL,
    issuer TEXT NOT NULL,
    data BLOB NOT NULL,
    PRIMARY KEY (account, issuer)
) WITHOUT ROWID;

-- Features that are switched otherwise than by default.
CREATE TABLE feature_grants (
    account INTEGER NOT NULL,
    feature TEXT NOT NULL,
    granted INTEGER NOT NULL,
    PRIMARY KEY (account, feature)
) WITHOUT ROWID;
