//! Times as vendors write them, as pure functions: nothing here asks what time it is.

use antiphon_domain::Timestamp;

/// A vendor's number that is milliseconds, or seconds where it is too small for them (before 2001 in milliseconds).
pub fn millis_or_seconds(number: i64) -> Timestamp {
    let seconds = (0..1_000_000_000_000).contains(&number);
    Timestamp(if seconds { number.saturating_mul(1000) } else { number })
}

/// `Thu, 01 Jan 2026 00:00:00 +0000`, or with `GMT` at the end.
pub fn rfc2822(text: &str) -> Option<Timestamp> {
    let text = text.split_once(',').map_or(text, |(_, rest)| rest);
    let mut words = text.split_ascii_whitespace();
    let day: i64 = words.next()?.parse().ok()?;
    let name = words.next()?.get(..3)?.to_ascii_lowercase();
    let months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let month = months.iter().position(|month| *month == name)? as i64 + 1;
    let year: i64 = words.next()?.parse().ok()?;
    let clock = clock(words.next()?)?;
    let zone = words.next().unwrap_or("GMT");
    let offset = if zone.eq_ignore_ascii_case("GMT") || zone.eq_ignore_ascii_case("UTC") { 0 } else { offset(zone)? };
    at(year, month, day, clock - offset)
}

/// `2026-01-01T00:00:00+0000`, also with `Z`, with a colon in the offset or with fractions of a second.
pub fn iso8601(text: &str) -> Option<Timestamp> {
    let (date, time) = text.split_once('T')?;
    let mut fields = date.split('-');
    let mut field = || fields.next()?.parse::<i64>().ok();
    let (year, month, day) = (field()?, field()?, field()?);
    let zone_at = time.find(['Z', '+', '-'])?;
    let seconds = clock(time[..zone_at].split('.').next()?)?;
    let zone = &time[zone_at..];
    let offset = if zone == "Z" { 0 } else { offset(zone)? };
    at(year, month, day, seconds - offset)
}

/// The day of a time in UTC, as `2026-01-01`.
pub fn date(at: Timestamp) -> String {
    // The inverse of `at`: years begin in March, four hundred of them have a fixed number of days.
    let days = at.0.div_euclid(86_400_000) + 719_468;
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let (month, day) = ((shifted + 2) % 12 + 1, day_of_year - (153 * shifted + 2) / 5 + 1);
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

/// What a `Retry-After` header asks for, in milliseconds from now: seconds or a date. At most a day.
pub fn retry_after(value: &str, now: Timestamp) -> Option<i64> {
    const DAY_MS: i64 = 24 * 3600 * 1000;
    let ms = match value.trim().parse::<f64>() {
        Ok(seconds) if seconds.is_finite() && seconds >= 0.0 => (seconds * 1000.0) as i64,
        Ok(_) => return None,
        Err(_) => rfc2822(value.trim())?.since(now),
    };
    Some(ms.clamp(0, DAY_MS))
}

/// Seconds of `hh:mm:ss`.
fn clock(text: &str) -> Option<i64> {
    let mut fields = text.split(':');
    let mut field = |most: i64| fields.next()?.parse::<i64>().ok().filter(|value| (0..=most).contains(value));
    Some(field(23)? * 3600 + field(59)? * 60 + field(60)?)
}

/// Seconds of `+hhmm` or `+hh:mm`.
fn offset(text: &str) -> Option<i64> {
    let sign = match text.get(..1)? {
        "+" => 1,
        "-" => -1,
        _ => return None,
    };
    let digits = text[1..].replace(':', "");
    let hours: i64 = digits.get(..2)?.parse().ok()?;
    let minutes: i64 = digits.get(2..4)?.parse().ok()?;
    Some(sign * (hours * 3600 + minutes * 60))
}

/// A civil date of the Gregorian calendar and seconds since its midnight in UTC.
fn at(year: i64, month: i64, day: i64, seconds: i64) -> Option<Timestamp> {
    if !(1970..=9999).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    // Years that begin in March put the leap day last.
    let shifted = if month <= 2 { year - 1 } else { year };
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let days = shifted * 365 + shifted / 4 - shifted / 100 + shifted / 400 + day_of_year - 719_468;
    Some(Timestamp((days * 86_400 + seconds) * 1000))
}
