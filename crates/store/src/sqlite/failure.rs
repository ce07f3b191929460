//! What can go wrong inside the adapter, before it is told to the caller in the port's words.

use antiphon_app::ports::secrets::SealBroken;
use antiphon_app::ports::store::{CommitError, ReadError};
use rusqlite::ErrorCode;

/// Any failure inside.
#[derive(Debug)]
pub enum Failure {
    /// SQLite's.
    Sqlite(rusqlite::Error),
    /// What is stored makes no sense.
    Corrupt(String),
}

impl Failure {
    pub fn corrupt(what: impl Into<String>) -> Self {
        Failure::Corrupt(what.into())
    }

    /// Whether it concerns the store as a whole (disk, lock, memory), not the one unit that met it.
    pub fn concerns_all(&self) -> bool {
        match self {
            Failure::Sqlite(error) => !matches!(
                error.sqlite_error_code(),
                Some(ErrorCode::ConstraintViolation | ErrorCode::TooBig | ErrorCode::TypeMismatch | ErrorCode::ParameterOutOfRange)
            ),
            Failure::Corrupt(_) => false,
        }
    }

    /// What the caller of a unit that failed alone is told. A broken uniqueness is named after what it guards.
    pub fn of_unit(&self) -> CommitError {
        let Failure::Sqlite(error) = self else {
            return CommitError::Unavailable(self.to_string());
        };
        if error.sqlite_error_code() != Some(ErrorCode::ConstraintViolation) {
            return CommitError::Unavailable(self.to_string());
        }
        let text = error.to_string();
        let taken = [
            ("users.login_folded", "login"),
            ("users.pid", "pid"),
            ("skills.name", "name"),
            ("sources.address", "address"),
            ("channel_apps.name", "name"),
            ("api_keys.name", "name"),
            ("api_keys.hash", "hash"),
            ("files.path", "path"),
            ("signing_keys.id", "id"),
            ("account_secrets.purpose", "purpose"),
        ];
        match taken.into_iter().find(|(columns, _)| text.contains(columns)) {
            Some((_, field)) => CommitError::Taken(field),
            None => CommitError::Conflict,
        }
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Failure::Sqlite(error) => write!(f, "{error}"),
            Failure::Corrupt(what) => f.write_str(what),
        }
    }
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        Failure::Sqlite(error)
    }
}

impl From<SealBroken> for Failure {
    fn from(broken: SealBroken) -> Self {
        Failure::Corrupt(broken.to_string())
    }
}

impl From<Failure> for ReadError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Corrupt(what) => ReadError::Corrupt(what),
            Failure::Sqlite(error) => match error.sqlite_error_code() {
                Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => ReadError::Corrupt(error.to_string()),
                _ if matches!(error, rusqlite::Error::InvalidColumnType(..) | rusqlite::Error::FromSqlConversionFailure(..)) => {
                    ReadError::Corrupt(error.to_string())
                }
                _ => ReadError::Unavailable(error.to_string()),
            },
        }
    }
}
