//! The date forms the vendors write, from and to virtual milliseconds. Pure; knows no time zone but UTC.

const DAY_MS: i64 = 86_400_000;
const WEEKDAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

struct Civil {
    year: i64,
    month: i64,
    day: i64,
    weekday: usize,
    second_of_day: i64,
}

/// Splits a time into calendar parts (proleptic Gregorian, days counted in 400-year eras).
fn civil(ms: i64) -> Civil {
    let days = ms.div_euclid(DAY_MS);
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let day_of_era = z.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    Civil {
        year: year_of_era + era * 400 + i64::from(month <= 2),
        month,
        day: day_of_year - (153 * shifted + 2) / 5 + 1,
        weekday: usize::try_from(days.rem_euclid(7)).unwrap_or(0),
        second_of_day: ms.rem_euclid(DAY_MS) / 1_000,
    }
}

fn clock_of(second_of_day: i64) -> String {
    format!("{:02}:{:02}:{:02}", second_of_day / 3_600, second_of_day / 60 % 60, second_of_day % 60)
}

/// `Thu, 01 Jan 2026 00:00:00 +0000`.
#[must_use]
pub fn rfc2822(ms: i64) -> String {
    let at = civil(ms);
    let month = MONTHS[usize::try_from(at.month - 1).unwrap_or(0)];
    format!("{}, {:02} {month} {:04} {} +0000", WEEKDAYS[at.weekday], at.day, at.year, clock_of(at.second_of_day))
}

/// `2026-01-01T00:00:00` followed by `suffix` (`Z` or `+0000`).
#[must_use]
pub fn iso8601(ms: i64, suffix: &str) -> String {
    let at = civil(ms);
    format!("{:04}-{:02}-{:02}T{}{suffix}", at.year, at.month, at.day, clock_of(at.second_of_day))
}

/// `2601010000`: the carrier's form of a delivery time, to the minute.
#[must_use]
pub fn carrier_minute(ms: i64) -> String {
    let at = civil(ms);
    format!("{:02}{:02}{:02}{:02}{:02}", at.year % 100, at.month, at.day, at.second_of_day / 3_600, at.second_of_day / 60 % 60)
}

fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let y = year - i64::from(month <= 2);
    let era = y.div_euclid(400);
    let year_of_era = y.rem_euclid(400);
    let shifted = if month > 2 { month - 3 } else { month + 9 };
    let day_of_year = (153 * shifted + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// Reads `YYYY-MM-DD`, optionally followed by `T` or a space, `HH:MM[:SS]` and `Z`. Returns milliseconds and whether a
/// time of day was given. `None` for anything else.
#[must_use]
pub fn parse(text: &str) -> Option<(i64, bool)> {
    let number = |part: &str| {
        (!part.is_empty() && part.len() <= 4 && part.bytes().all(|b| b.is_ascii_digit())).then(|| part.parse::<i64>().ok()).flatten()
    };
    let text = text.trim().trim_end_matches('Z').trim_end_matches("+00:00");
    let (date, time) = match text.split_once(['T', ' ']) {
        Some((date, time)) => (date, Some(time)),
        None => (text, None),
    };
    let mut parts = date.splitn(3, '-');
    let (year, month, day) = (number(parts.next()?)?, number(parts.next()?)?, number(parts.next()?)?);
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let midnight = days_from_civil(year, month, day) * DAY_MS;
    let Some(time) = time else {
        return Some((midnight, false));
    };
    let time = time.split('.').next()?;
    let mut seconds = 0;
    let mut places = 0;
    for (part, weight) in time.splitn(3, ':').zip([3_600, 60, 1]) {
        seconds += number(part)? * weight;
        places += 1;
    }
    (places >= 2).then_some((midnight + seconds * 1_000, true))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_written_in_the_vendors_forms() {
        assert_eq!(rfc2822(1_767_225_600_000), "Thu, 01 Jan 2026 00:00:00 +0000");
        assert_eq!(rfc2822(1_709_210_096_000), "Thu, 29 Feb 2024 12:34:56 +0000");
        assert_eq!(iso8601(1_767_225_599_999, "Z"), "2025-12-31T23:59:59Z");
        assert_eq!(carrier_minute(1_767_225_600_000), "2601010000");
    }

    #[test]
    fn dates_are_read_back() {
        assert_eq!(parse("2026-01-01"), Some((1_767_225_600_000, false)));
        assert_eq!(parse("2024-02-29T12:34:56Z"), Some((1_709_210_096_000, true)));
        for bad in ["", "2026", "2026-13-01", "x-y-z", "2026-01-01T7"] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }
}
