//! Checks of single values that several acts share. Pure; each refusal names its field.

use super::AdminError;
use super::zones::is_zone;
use crate::AccountView;
use antiphon_domain::SkillId;
use antiphon_domain::account::Network;

/// A text without control characters, trimmed, `least` to `most` characters long.
pub(super) fn text(field: &str, value: &str, least: usize, most: usize) -> Result<String, AdminError> {
    let value = value.trim();
    let length = value.chars().count();
    if length < least {
        let problem = if least == 1 { "must not be empty".to_owned() } else { format!("must have at least {least} characters") };
        return Err(AdminError::invalid(field, problem));
    }
    if length > most {
        return Err(AdminError::invalid(field, format!("must have at most {most} characters, has {length}")));
    }
    if value.chars().any(char::is_control) {
        return Err(AdminError::invalid(field, "must not contain control characters"));
    }
    Ok(value.to_owned())
}

/// A name that people type: no spaces inside.
pub(super) fn login(field: &str, value: &str) -> Result<String, AdminError> {
    let value = text(field, value, 1, 80)?;
    if value.chars().any(char::is_whitespace) {
        return Err(AdminError::invalid(field, "must not contain spaces"));
    }
    Ok(value)
}

/// An e-mail address, as far as it can be checked without sending one.
pub(super) fn email(field: &str, value: &str) -> Result<String, AdminError> {
    let value = text(field, value, 3, 254)?;
    let plausible = value.split_once('@').is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty() && !domain.contains('@'));
    if plausible && !value.contains(char::is_whitespace) { Ok(value) } else { Err(AdminError::invalid(field, "is no e-mail address")) }
}

/// An absolute http or https address without credentials, query and fragment; a slash at its end goes.
pub(super) fn base_url(field: &str, value: &str) -> Result<String, AdminError> {
    let value = text(field, value, 1, 500)?;
    let bad = || AdminError::invalid(field, "is no http or https address").remedy("give it as https://host or http://host:port");
    let url = url::Url::parse(&value).map_err(|_| bad())?;
    let plain = url.username().is_empty() && url.password().is_none() && url.query().is_none() && url.fragment().is_none();
    if matches!(url.scheme(), "http" | "https") && url.host().is_some() && plain {
        Ok(value.trim_end_matches('/').to_owned())
    } else {
        Err(bad())
    }
}

/// An IANA zone's name, for example `Europe/Berlin`.
pub(super) fn timezone(field: &str, value: &str) -> Result<String, AdminError> {
    let value = text(field, value, 1, 64)?;
    if is_zone(&value) {
        Ok(value)
    } else {
        Err(AdminError::invalid(field, "is no IANA time zone").remedy("for example Europe/Berlin or UTC"))
    }
}

/// A whole number within bounds, both inclusive.
pub(super) fn within(field: &str, value: i64, least: i64, most: i64) -> Result<i64, AdminError> {
    if (least..=most).contains(&value) {
        Ok(value)
    } else {
        Err(AdminError::invalid(field, format!("must be between {least} and {most}, is {value}")))
    }
}

/// A range of addresses.
pub(super) fn network(field: &str, text: &str) -> Result<Network, AdminError> {
    Network::parse(text.trim()).ok_or_else(|| {
        AdminError::invalid(field, format!("`{text}` is no network")).remedy("give it as address/prefix, for example 10.0.0.0/8")
    })
}

/// A skill of the account.
pub(super) fn skill(field: &str, skill: SkillId, view: &AccountView) -> Result<SkillId, AdminError> {
    if view.skills.contains_key(&skill) {
        Ok(skill)
    } else {
        Err(AdminError::invalid(field, format!("there is no skill {skill}")).remedy("list the skills, or create it first"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(found: Result<String, AdminError>, expected: Result<&str, &str>) {
        assert_eq!(found.as_deref().map_err(|error| error.message.as_str()), expected);
    }

    #[test]
    fn texts_are_trimmed_and_bounded() {
        check(text("name", "  Acme ", 1, 10), Ok("Acme"));
        check(text("name", " ", 1, 10), Err("must not be empty"));
        check(text("name", "äöüäö", 1, 4), Err("must have at most 4 characters, has 5"));
        check(text("name", "a\u{7}b", 1, 10), Err("must not contain control characters"));
        check(login("login", "agent one"), Err("must not contain spaces"));
    }

    #[test]
    fn addresses_are_checked_by_form() {
        check(email("email", "a@b.example"), Ok("a@b.example"));
        check(email("email", "a@b@c"), Err("is no e-mail address"));
        check(base_url("api_base_url", "http://127.0.0.1:9/"), Ok("http://127.0.0.1:9"));
        check(base_url("api_base_url", "ftp://host"), Err("is no http or https address"));
        check(base_url("api_base_url", "https://user:x@host"), Err("is no http or https address"));
        check(timezone("timezone", "America/Argentina/Salta"), Ok("America/Argentina/Salta"));
        check(timezone("timezone", "../etc/passwd"), Err("is no IANA time zone"));
        check(timezone("timezone", "Mars/Olympus"), Err("is no IANA time zone"));
    }

    #[test]
    fn numbers_keep_their_bounds() {
        assert_eq!(within("max", 5, 0, 5), Ok(5));
        assert_eq!(within("max", 6, 0, 5).map_err(|error| error.field), Err(Some("max".to_owned())));
    }
}
