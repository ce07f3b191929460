//! The names of the IANA time zones.

/// One per line, sorted.
const ZONES: &str = include_str!("zones.txt");

/// Whether there is a zone of that name.
pub fn is_zone(name: &str) -> bool {
    !name.is_empty() && ZONES.lines().any(|zone| zone == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_are_known_by_their_names() {
        for zone in ["Europe/Berlin", "UTC", "America/Argentina/Salta", "Asia/Kolkata"] {
            assert!(is_zone(zone), "{zone}");
        }
        for text in ["", "Mars/Olympus", "europe/berlin", "Europe/Berlin\nUTC", "CEST+1"] {
            assert!(!is_zone(text), "{text}");
        }
    }
}
