//! The log-in policy: what a password must be, and when an account is locked.

use crate::Timestamp;

/// What a password must fulfil. Defaults follow common contact-centre practice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoginPolicy {
    /// Least length in characters.
    pub min_length: usize,
    /// Longest run of one repeated character, and of a rising or falling sequence.
    pub max_run: usize,
    /// How many of the classes letters, digits and others must appear.
    pub min_classes: usize,
    /// How many earlier passwords may not be used again.
    pub history: usize,
    /// Failed log-ins until the user is locked.
    pub max_failures: u32,
    /// How long a lock lasts, in seconds.
    pub lock_s: i64,
}

impl Default for LoginPolicy {
    fn default() -> Self {
        Self { min_length: 12, max_run: 4, min_classes: 2, history: 12, max_failures: 10, lock_s: 30 * 60 }
    }
}

/// A rule that a password breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weakness {
    /// Shorter than the least length.
    TooShort,
    /// Longer than 256 characters.
    TooLong,
    /// Too long a run of one character or of a sequence such as `abcd` or `4321`.
    Run,
    /// Too few classes of characters.
    TooFewClasses,
    /// Contains the log-in name.
    ContainsLogin,
    /// One of the phrases everybody tries first.
    Common,
}

const COMMON: [&str; 12] = [
    "password",
    "passwort",
    "qwerty",
    "letmein",
    "welcome",
    "iloveyou",
    "admin123",
    "changeme",
    "123456",
    "111111",
    "monkey123",
    "dragon123",
];

impl LoginPolicy {
    /// The rules that a password breaks; empty when it is good.
    pub fn weaknesses(&self, password: &str, login: &str) -> Vec<Weakness> {
        let characters: Vec<char> = password.chars().collect();
        let lower = password.to_lowercase();
        let mut broken = Vec::new();
        if characters.len() < self.min_length {
            broken.push(Weakness::TooShort);
        }
        if characters.len() > 256 {
            broken.push(Weakness::TooLong);
        }
        if longest_run(&characters, 0) > self.max_run
            || longest_run(&characters, 1) > self.max_run
            || longest_run(&characters, -1) > self.max_run
        {
            broken.push(Weakness::Run);
        }
        let classes: [fn(&char) -> bool; 3] = [|c| c.is_alphabetic(), |c| c.is_numeric(), |c| !c.is_alphanumeric()];
        if classes.iter().filter(|class| characters.iter().any(class)).count() < self.min_classes {
            broken.push(Weakness::TooFewClasses);
        }
        if login.chars().count() >= 3 && lower.contains(&login.to_lowercase()) {
            broken.push(Weakness::ContainsLogin);
        }
        if COMMON.iter().any(|phrase| lower.starts_with(phrase) && characters.len() < phrase.len() + 6) {
            broken.push(Weakness::Common);
        }
        broken
    }

    /// What a further failed log-in leads to: `Some(until)` when the user is locked from now on.
    pub fn after_failure(&self, failures_before: u32, now: Timestamp) -> Option<Timestamp> {
        (failures_before + 1 >= self.max_failures).then(|| now.plus_s(self.lock_s))
    }
}

fn longest_run(characters: &[char], step: i64) -> usize {
    let mut longest = usize::from(!characters.is_empty());
    let mut current = longest;
    for pair in characters.windows(2) {
        let distance = i64::from(u32::from(pair[1])) - i64::from(u32::from(pair[0]));
        current = if distance == step { current + 1 } else { 1 };
        longest = longest.max(current);
    }
    longest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_rule_is_named() {
        fn check(password: &str, expected: &[Weakness]) {
            assert_eq!(LoginPolicy::default().weaknesses(password, "agent1"), expected, "{password}");
        }
        check("correct-horse-9A", &[]);
        check("short-1", &[Weakness::TooShort]);
        check("zzzzz-and-more-1", &[Weakness::Run]);
        check("abcde-and-more-1", &[Weakness::Run]);
        check("54321-and-more-x", &[Weakness::Run]);
        check("onlyletterskept", &[Weakness::TooFewClasses]);
        check("my-Agent1-secret", &[Weakness::ContainsLogin]);
        check("password-1x2", &[Weakness::Common]);
        check(&"x1-".repeat(100), &[Weakness::TooLong]);
    }

    #[test]
    fn the_tenth_failure_locks() {
        let policy = LoginPolicy::default();
        assert_eq!(policy.after_failure(8, Timestamp(0)), None);
        assert_eq!(policy.after_failure(9, Timestamp(0)), Some(Timestamp(1_800_000)));
    }
}
