//! What each channel holds, by its vendor's public reference: the records that connectors declare as theirs.
//!
//! A connector that exists is asked for its own; the others' stand here until it does, so that their owners take them over.

use antiphon_content::{
    ButtonLimits, CardLimits, CarouselLimits, ChipLimits, LinkLimits, ListLimits, PictureLimits, PlaceLimits, Structured, TextButtons,
    TextLimit, TimesLimits, Unit,
};

const NOTHING: Structured = Structured {
    neutral: false,
    one_way: false,
    unit: Unit::Codepoint,
    marks: &[],
    picture: None,
    chips: None,
    buttons: None,
    card: None,
    carousel: None,
    list: None,
    place: None,
    link: None,
    times: None,
};

const fn text(max: u32, unit: Unit) -> TextLimit {
    TextLimit { max, unit, segments: false }
}

/// Rich cards of 200 and 2,000 with four suggestions; eleven suggestions below, which may lead and show places; taps on links are reported.
pub const RCS: (TextLimit, Structured) = {
    let suggestions = ButtonLimits { places: true, reported: true, ..ButtonLimits::new(4, 25) };
    let card = CardLimits { needs_title: false, needs_more: false, ..CardLimits::new(200, 2_000, suggestions) };
    let forms = Structured {
        picture: Some(PictureLimits { caption: 0 }),
        chips: Some(ChipLimits { buttons: ButtonLimits { max: 11, links: 11, ..suggestions }, ..ChipLimits::new(11, 25) }),
        card: Some(card),
        carousel: Some(CarouselLimits::new(10, card)),
        ..NOTHING
    };
    (text(3_072, Unit::Codepoint), forms)
};

/// The same cards without places; thirteen suggestions.
pub const GOOGLE: (TextLimit, Structured) = {
    let suggestions = ButtonLimits { reported: true, ..ButtonLimits::new(4, 25) };
    let card = CardLimits { needs_title: false, needs_more: false, ..CardLimits::new(200, 2_000, suggestions) };
    let forms = Structured {
        picture: Some(PictureLimits { caption: 0 }),
        chips: Some(ChipLimits { buttons: ButtonLimits { max: 13, links: 13, ..suggestions }, ..ChipLimits::new(13, 25) }),
        card: Some(card),
        carousel: Some(CarouselLimits::new(10, card)),
        ..NOTHING
    };
    (text(3_072, Unit::Codepoint), forms)
};

/// Two to five quick replies below a text, lists, timetables and links with their pictures; no cards.
pub const APPLE: (TextLimit, Structured) = {
    let chips = ChipLimits { min: 2, text: Some(200), below_all: false, ..ChipLimits::new(5, 200) };
    let forms = Structured {
        picture: Some(PictureLimits { caption: 3_000 }),
        chips: Some(chips),
        list: Some(ListLimits {
            rows: 100,
            sections: 100,
            text: 200,
            title: 200,
            description: 200,
            heading: 200,
            button: 0,
            images: true,
            multiple: true,
        }),
        link: Some(LinkLimits { title: 200, max: 5 }),
        times: Some(TimesLimits { max: 100, title: 200 }),
        ..NOTHING
    };
    (text(3_000, Unit::Codepoint), forms)
};

/// Keyboards of up to a hundred buttons in rows below text and pictures; places.
pub const TELEGRAM: (TextLimit, Structured) = {
    let buttons = ButtonLimits::new(100, 40);
    let card = CardLimits { together: Some(1_024), needs_image: true, needs_title: false, ..CardLimits::new(1_024, 1_024, buttons) };
    let forms = Structured {
        picture: Some(PictureLimits { caption: 1_024 }),
        chips: Some(ChipLimits { buttons, per_row: 8, ..ChipLimits::new(100, 40) }),
        buttons: Some(TextButtons { text: 4_096, buttons }),
        card: Some(card),
        place: Some(PlaceLimits { name: 100 }),
        ..NOTHING
    };
    (text(4_096, Unit::Codepoint), forms)
};

/// Keyboards of eleven, cards of seven parts, six of them side by side, places.
pub const VIBER: (TextLimit, Structured) = {
    let buttons = ButtonLimits::new(7, 25);
    let card = CardLimits { parts: Some(7), needs_title: false, needs_more: false, ..CardLimits::new(250, 250, buttons) };
    let forms = Structured {
        picture: Some(PictureLimits { caption: 120 }),
        chips: Some(ChipLimits { per_row: 3, ..ChipLimits::new(11, 25) }),
        card: Some(card),
        carousel: Some(CarouselLimits::new(6, card)),
        place: Some(PlaceLimits { name: 0 }),
        ..NOTHING
    };
    (text(7_000, Unit::Codepoint), forms)
};

/// Text only.
pub const SMS: (TextLimit, Structured) = (TextLimit { max: 1_600, unit: Unit::Codepoint, segments: true }, NOTHING);

/// Text from a name that nobody can answer.
pub const ALPHANUMERIC: (TextLimit, Structured) = (SMS.0, Structured { one_way: true, ..NOTHING });

/// Text with a picture, where both ends take one.
pub const MMS: (TextLimit, Structured) = (SMS.0, Structured { picture: Some(PictureLimits { caption: 1_600 }), ..NOTHING });
