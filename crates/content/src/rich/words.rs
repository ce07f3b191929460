//! What we add to an author's words, in the consumer's language and on their clock.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// Sentences, days and times in one language and zone.
#[derive(Clone, Debug, PartialEq)]
pub struct Words {
    /// The sentences.
    pub texts: &'static Texts,
    /// The zone in which times are told.
    pub zone: TimeZone,
}

/// The sentences of a language.
#[derive(Debug, PartialEq, Eq)]
pub struct Texts {
    /// The language, as two letters.
    pub language: &'static str,
    /// Asks for one number.
    pub one_number: &'static str,
    /// Asks for one or more numbers.
    pub several_numbers: &'static str,
    /// What opens a list, or stands above answers that have no question.
    pub options: &'static str,
    /// Leads to the answers that found no room.
    pub more: &'static str,
    /// A place without a name.
    pub location: &'static str,
    /// Opens an address.
    pub open: &'static str,
    /// Says that every offered time is over.
    pub no_times: &'static str,
    /// The days of the week, in short, from Monday.
    days: [&'static str; 7],
    /// A day, as it is written.
    day: &'static str,
    /// How a day is to be written, for people.
    day_pattern: &'static str,
}

/// English, which also serves where a language is missing.
const ENGLISH: Texts = Texts {
    language: "en",
    one_number: "Reply with a number.",
    several_numbers: "Reply with numbers, for example 1,3.",
    options: "Options",
    more: "More",
    location: "Location",
    open: "Open",
    no_times: "All the times that were offered are over.",
    days: ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"],
    day: "%Y-%m-%d",
    day_pattern: "YYYY-MM-DD",
};
const GERMAN: Texts = Texts {
    language: "de",
    one_number: "Antworten Sie mit einer Zahl.",
    several_numbers: "Antworten Sie mit Zahlen, zum Beispiel 1,3.",
    options: "Auswahl",
    more: "Mehr",
    location: "Ort",
    open: "Öffnen",
    no_times: "Alle angebotenen Zeiten sind vorbei.",
    days: ["Mo", "Di", "Mi", "Do", "Fr", "Sa", "So"],
    day: "%d.%m.%Y",
    day_pattern: "TT.MM.JJJJ",
};
const SPANISH: Texts = Texts {
    language: "es",
    one_number: "Responda con un número.",
    several_numbers: "Responda con números, por ejemplo 1,3.",
    options: "Opciones",
    more: "Más",
    location: "Ubicación",
    open: "Abrir",
    no_times: "Todas las horas ofrecidas ya han pasado.",
    days: ["lun", "mar", "mié", "jue", "vie", "sáb", "dom"],
    day: "%d/%m/%Y",
    day_pattern: "DD/MM/AAAA",
};
const FRENCH: Texts = Texts {
    language: "fr",
    one_number: "Répondez par un numéro.",
    several_numbers: "Répondez par des numéros, par exemple 1,3.",
    options: "Choix",
    more: "Plus",
    location: "Lieu",
    open: "Ouvrir",
    no_times: "Tous les horaires proposés sont passés.",
    days: ["lun.", "mar.", "mer.", "jeu.", "ven.", "sam.", "dim."],
    day: "%d/%m/%Y",
    day_pattern: "JJ/MM/AAAA",
};

/// Every language that we have sentences in, the one that serves for all others first.
static LANGUAGES: [Texts; 4] = [ENGLISH, GERMAN, SPANISH, FRENCH];

/// The longest span of times that the day of the week tells apart, in seconds.
const WEEK: i64 = 7 * 86_400;

impl Default for Words {
    fn default() -> Self {
        Self { texts: &LANGUAGES[0], zone: TimeZone::UTC }
    }
}

impl Words {
    /// In a language (`de`, `de-AT`) and an IANA zone; English and UTC where they are not known.
    pub fn of(language: &str, zone: &str) -> Self {
        let short = language.split(['-', '_']).next().unwrap_or_default();
        let texts = LANGUAGES.iter().find(|texts| texts.language.eq_ignore_ascii_case(short)).unwrap_or(&LANGUAGES[0]);
        Self { texts, zone: TimeZone::get(zone).unwrap_or(TimeZone::UTC) }
    }

    /// The languages that there are sentences in, as two letters.
    pub fn languages() -> impl Iterator<Item = &'static str> {
        LANGUAGES.iter().map(|texts| texts.language)
    }

    /// A time with its day: `2026-12-24 18:00`; empty beyond the calendar.
    pub fn moment(&self, seconds: i64) -> String {
        self.written(seconds, &format!("{} %H:%M", self.texts.day))
    }

    /// A day: `2026-12-24`.
    pub fn day(&self, seconds: i64) -> String {
        self.written(seconds, self.texts.day)
    }

    /// A day with its name: `Thu 2026-12-24`.
    pub fn heading(&self, seconds: i64) -> String {
        format!("{} {}", self.weekday(seconds), self.day(seconds))
    }

    /// A time as short as it can be told apart from others that lie at most `span` seconds away: `Thu 18:00`, `24.12. 18:00`.
    pub fn short(&self, seconds: i64, span: i64) -> String {
        if span >= WEEK {
            return self.moment(seconds);
        }
        format!("{} {}", self.weekday(seconds), self.written(seconds, "%H:%M"))
    }

    fn weekday(&self, seconds: i64) -> &'static str {
        let day = Timestamp::from_second(seconds).map(|at| at.to_zoned(self.zone.clone()).weekday().to_monday_zero_offset());
        day.ok().and_then(|day| self.texts.days.get(usize::try_from(day).ok()?).copied()).unwrap_or_default()
    }

    fn written(&self, seconds: i64, format: &str) -> String {
        Timestamp::from_second(seconds).map(|at| at.to_zoned(self.zone.clone()).strftime(format).to_string()).unwrap_or_default()
    }

    /// How days are to be written: as the author says, or as the language does.
    pub fn day_pattern<'a>(&self, own: Option<&'a str>) -> &'a str {
        own.unwrap_or(self.texts.day_pattern)
    }

    /// A day that was typed, in the author's pattern or in the language's order, or as `2026-12-24`.
    pub fn read_day(&self, text: &str, own: Option<&str>) -> Option<Date> {
        let numbers: Vec<&str> = text.split(|letter: char| !letter.is_ascii_digit()).filter(|part| !part.is_empty()).collect();
        let clean = text.chars().all(|letter| letter.is_ascii_digit() || matches!(letter, '.' | '/' | '-' | ' '));
        let ([first, second, third], true) = (numbers.as_slice(), clean) else { return None };
        let number = |text: &str| text.parse::<i16>().ok();
        let (year, month, day) = match (first.len(), order(own.unwrap_or(self.texts.day_pattern))) {
            (4, _) | (_, Order::Year) => (first, second, third),
            (_, Order::Day) => (third, second, first),
            (_, Order::Month) => (third, first, second),
        };
        let year = number(year).map(|number| if year.len() <= 2 { number + 2_000 } else { number })?;
        Date::new(year, i8::try_from(number(month)?).ok()?, i8::try_from(number(day)?).ok()?).ok()
    }

    /// A day as the author's pattern has it, or as the language writes it.
    pub fn write_day(&self, day: Date, own: Option<&str>) -> String {
        let Some(own) = own else { return day.strftime(self.texts.day).to_string() };
        let format = [("YYYY", "%Y"), ("yyyy", "%Y"), ("YY", "%y"), ("yy", "%y"), ("MM", "%m"), ("DD", "%d"), ("dd", "%d")]
            .iter()
            .fold(own.replace('%', ""), |format, (letters, code)| format.replace(letters, code));
        day.strftime(&format).to_string()
    }

    /// The day that a time falls on.
    pub fn date(&self, seconds: i64) -> Option<Date> {
        Timestamp::from_second(seconds).ok().map(|at| at.to_zoned(self.zone.clone()).date())
    }
}

/// What stands first in a written day.
enum Order {
    Year,
    Day,
    Month,
}

/// In which order a pattern names day, month and year. Languages write the day's letter as D, T or J.
fn order(pattern: &str) -> Order {
    let upper = pattern.to_uppercase();
    let at = |letters: &[&str]| letters.iter().filter_map(|one| upper.find(one)).min().unwrap_or(usize::MAX);
    let year = at(&["YY", "JJJJ", "AAAA"]);
    let (month, day) = (at(&["M"]), at(&["D", "T", "JJ/"]));
    match year < month.min(day) {
        true => Order::Year,
        false if month < day => Order::Month,
        false => Order::Day,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_in_the_language_and_the_zone() {
        let at = 1_800_000_000; // 2027-01-15 08:00 UTC, a Friday.
        let check = |language: &str, zone: &str, moment: &str, short: &str| {
            let words = Words::of(language, zone);
            assert_eq!((words.moment(at).as_str(), words.short(at, 3_600).as_str()), (moment, short), "{language} {zone}");
        };
        check("en", "UTC", "2027-01-15 08:00", "Fri 08:00");
        check("de-AT", "Europe/Vienna", "15.01.2027 09:00", "Fr 09:00");
        check("fr", "Asia/Tokyo", "15/01/2027 17:00", "ven. 17:00");
        check("es", "America/Los_Angeles", "15/01/2027 00:00", "vie 00:00");
        check("xx", "No/Where", "2027-01-15 08:00", "Fri 08:00");
        assert_eq!(Words::of("en", "UTC").short(at, WEEK), "2027-01-15 08:00", "a week later the day's name is the same");
        assert_eq!(Words::default().moment(i64::MAX), "");
    }

    #[test]
    fn days_are_read_as_they_are_asked_for() {
        let check = |language: &str, own: Option<&str>, text: &str, expected: Option<&str>| {
            let day = Words::of(language, "UTC").read_day(text, own).map(|day| day.to_string());
            assert_eq!(day.as_deref(), expected, "{language} {own:?} {text}");
        };
        check("de", None, "3.5.2026", Some("2026-05-03"));
        check("de", None, "03.05.26", Some("2026-05-03"));
        check("fr", None, "3/5/2026", Some("2026-05-03"));
        check("es", None, "3-5-2026", Some("2026-05-03"));
        check("en", None, "2026-05-03", Some("2026-05-03"));
        check("en", Some("MM/DD/YYYY"), "05/03/2026", Some("2026-05-03"));
        check("en", Some("DD.MM.YYYY"), "2026-05-03", Some("2026-05-03"));
        for wrong in ["", "31.2.2026", "tomorrow", "3.5.", "1,2,3", "99999.1.1"] {
            check("de", None, wrong, None);
        }
        let day = Date::constant(2026, 5, 3);
        assert_eq!(Words::default().write_day(day, Some("DD.MM.YYYY")), "03.05.2026");
        assert_eq!(Words::of("de", "UTC").write_day(day, None), "03.05.2026");
    }
}
