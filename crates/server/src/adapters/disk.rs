//! How much room the disk has, and how many files the process may have open.

use std::path::Path;

/// Free space for us on the disk of a path, in bytes.
///
/// # Errors
/// What the system says.
pub fn free_bytes(path: &Path) -> std::io::Result<u64> {
    let found = rustix::fs::statvfs(path)?;
    Ok(found.f_bavail.saturating_mul(found.f_frsize))
}

/// Lifts the limit of open files to what the system allows us, because every socket is one. Gives the limit in force, if there is one.
pub fn lift_file_limit() -> Option<u64> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let lifted = Rlimit { current: limit.maximum, maximum: limit.maximum };
    match setrlimit(Resource::Nofile, lifted) {
        Ok(()) => limit.maximum,
        // The old one stays, which is good for fewer connections.
        Err(_) => limit.current,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_disk_says_how_much_room_it_has() {
        assert!(free_bytes(Path::new("/")).is_ok());
        assert!(free_bytes(Path::new("/no/such/folder")).is_err());
    }
}
