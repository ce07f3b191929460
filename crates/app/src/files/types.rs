//! Which types are taken, by what a file's bytes show: a name and a declaration are claims.

use super::FileError;
use antiphon_content::sniff::sniff;

/// The types that agents and bots may upload, as named on the published wire, with their media types.
const TYPES: [(&str, &str); 16] = [
    ("JPEG", "image/jpeg"),
    ("JPG", "image/jpeg"),
    ("PNG", "image/png"),
    ("GIF", "image/gif"),
    ("WEBP", "image/webp"),
    ("PDF", "application/pdf"),
    ("TXT", "text/plain"),
    ("DOCX", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    ("XLSX", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ("PPTX", "application/vnd.openxmlformats-officedocument.presentationml.presentation"),
    ("MP4", "video/mp4"),
    ("3GP", "video/3gpp"),
    ("OGG", "audio/ogg"),
    ("MP3", "audio/mpeg"),
    ("AMR", "audio/amr"),
    ("WAV", "audio/wav"),
];
/// Of those, what consumers may.
const OF_CONSUMERS: [&str; 4] = ["JPEG", "JPG", "PNG", "GIF"];
/// Media types that a taken type's bytes may show too.
const ALIKE: [(&str, &str); 4] =
    [("video/quicktime", "video/mp4"), ("audio/mp4", "video/mp4"), ("video/ogg", "audio/ogg"), ("audio/amr-wb", "audio/amr")];

/// Who wants a file taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taker {
    User,
    Consumer,
}

impl Taker {
    pub(super) fn types(self) -> impl Iterator<Item = (&'static str, &'static str)> {
        TYPES.into_iter().filter(move |(name, _)| self == Taker::User || OF_CONSUMERS.contains(name))
    }

    fn names(self) -> String {
        self.types().map(|(name, _)| name).collect::<Vec<_>>().join(", ")
    }

    /// The wire's name of an announced type, and its media type.
    pub(super) fn announced(self, file_type: &str) -> Result<(&'static str, &'static str), FileError> {
        let wanted = file_type.trim().to_ascii_uppercase();
        let found = self.types().find(|(name, _)| *name == wanted);
        found.ok_or_else(|| FileError::BadType(format!("fileType: one of {}", self.names())))
    }

    /// The media type of an upload. It need not be the announced one: published clients announce the same for everything.
    pub(super) fn told_by(self, bytes: &[u8], announced: Option<&str>) -> Result<&'static str, FileError> {
        let shown = sniff(bytes);
        // The parts of an office document may be named beyond where one looks; then its bytes show an archive.
        if shown == Some("application/zip")
            && let Some((_, office)) = self.types().find(|(_, office)| office.contains("officedocument") && announced == Some(*office))
        {
            return Ok(office);
        }
        let taken = |media_type: &str| self.types().any(|(_, known)| known == media_type);
        let alike = |media_type: &str| ALIKE.iter().any(|(other, known)| *other == media_type && taken(known));
        shown.filter(|media_type| taken(media_type) || alike(media_type)).ok_or_else(|| {
            let what = shown.unwrap_or("of no known type");
            FileError::BadType(format!("the file is {what}, whatever its name says; what is taken is {}", self.names()))
        })
    }
}

/// The wire's type name of a file: by media type, else by the name's ending, else `FILE`.
pub fn file_type_of(media_type: Option<&str>, name: Option<&str>) -> String {
    let essence = media_type.map(|media_type| media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase());
    let by_type = TYPES.iter().find(|(_, known)| essence.as_deref() == Some(*known));
    let ending = name.and_then(|name| name.rsplit_once('.')).map(|(_, ending)| ending.to_ascii_uppercase());
    let by_name = || TYPES.iter().find(|(known, _)| ending.as_deref() == Some(*known));
    by_type.or_else(by_name).map_or("FILE", |(known, _)| known).to_owned()
}

/// The type name that an event shows: the publisher's or channel's, unless the bytes are known to be something else.
pub fn shown_type<'a>(claimed: &'a str, media_type: Option<&str>) -> &'a str {
    let Some(media_type) = media_type else { return claimed };
    let honest = TYPES.iter().any(|(name, known)| *known == media_type && name.eq_ignore_ascii_case(claimed));
    let told = TYPES.iter().find(|(_, known)| *known == media_type).map(|(name, _)| *name);
    told.filter(|_| !honest).unwrap_or(claimed)
}

/// What an inbound file is served as. Its bytes decide; what was declared is only believed for types that can't be told apart by their
/// bytes and can do no harm.
pub(super) fn served_as(bytes: &[u8], declared: Option<&str>) -> String {
    let declared = declared.filter(|declared| !is_active(declared));
    sniff(bytes).or(declared).unwrap_or("application/octet-stream").to_owned()
}

/// Types that a browser would run.
fn is_active(media_type: &str) -> bool {
    ["html", "xml", "svg", "javascript", "ecmascript", "x-shockwave"].iter().any(|active| media_type.to_ascii_lowercase().contains(active))
}

#[cfg(test)]
mod tests {
    use super::*;

    const JPEG: &[u8] = b"\xff\xd8\xff\xe0\0\x10JFIF";

    #[test]
    fn a_type_is_told_by_media_type_then_by_name() {
        assert_eq!(file_type_of(Some("image/JPEG; q=1"), None), "JPEG");
        assert_eq!(file_type_of(Some("application/x-unknown"), Some("a.b.pdf")), "PDF");
        assert_eq!(file_type_of(None, Some("noending")), "FILE");
    }

    #[test]
    fn an_upload_is_taken_for_what_its_bytes_are() {
        fn check(taker: Taker, bytes: &[u8], announced: &str, expected: Option<&str>) {
            assert_eq!(taker.told_by(bytes, Some(announced)).ok(), expected, "{taker:?} {announced} {:?}", String::from_utf8_lossy(bytes));
        }
        check(Taker::Consumer, JPEG, "image/png", Some("image/jpeg"));
        check(Taker::Consumer, b"%PDF-1.7", "image/png", None);
        check(Taker::Consumer, b"<html><script>alert(1)</script>", "image/png", None);
        check(Taker::Consumer, b"MZ\x90\0\x03\0\0\0", "image/png", None);
        check(Taker::Consumer, b"RIFF\x10\0\0\0WEBPVP8 ", "image/png", None);
        check(Taker::User, b"RIFF\x10\0\0\0WEBPVP8 ", "image/png", Some("image/webp"));
        check(Taker::User, b"%PDF-1.7", "text/plain", Some("application/pdf"));
        check(Taker::User, b"<svg onload=alert(1)>", "image/png", Some("text/plain"));
        check(Taker::User, b"MZ\x90\0\x03\0\0\0", "application/pdf", None);
        check(Taker::User, b"\x7fELF\x02\x01\x01\0", "text/plain", None);
        let archive = b"PK\x03\x04\x14\0\0\0\0\0 nothing inside";
        let office = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
        check(Taker::User, archive, office, Some(office));
        check(Taker::User, archive, "text/plain", None);
        check(Taker::User, b"\0\0\0\x14ftypqt  \0\0\0\0", "video/mp4", Some("video/quicktime"));
        check(Taker::User, b"", "text/plain", None);
    }

    #[test]
    fn a_name_is_put_right_only_where_it_lies() {
        assert_eq!(shown_type("jpg", Some("image/jpeg")), "jpg");
        assert_eq!(shown_type("JPEG", Some("image/jpeg")), "JPEG");
        assert_eq!(shown_type("PNG", Some("image/jpeg")), "JPEG");
        assert_eq!(shown_type("PNG", Some("application/octet-stream")), "PNG");
        assert_eq!(shown_type("PNG", None), "PNG");
    }

    #[test]
    fn declared_types_that_browsers_run_are_not_believed() {
        assert_eq!(served_as(b"\x01\x02\x03", Some("image/svg+xml")), "application/octet-stream");
        assert_eq!(served_as(b"\x01\x02\x03", Some("audio/x-voice")), "audio/x-voice");
        assert_eq!(served_as(JPEG, Some("text/html")), "image/jpeg");
    }
}
