//! What a file is, told by its bytes.
//!
//! What a sender or vendor declares is a claim; what we serve is decided here. Active content (HTML, SVG, scripts) is never
//! recognised as such: it is plain text, which browsers show and don't run.

/// The media type that the bytes show, or nothing when they show none. A file's first 64 KiB suffice except for
/// office documents, whose parts may be named later; then the answer is `application/zip`.
pub fn sniff(bytes: &[u8]) -> Option<&'static str> {
    let at = |offset: usize, magic: &[u8]| bytes.get(offset..).is_some_and(|rest| rest.starts_with(magic));
    let mime = if at(0, b"\xff\xd8\xff") {
        "image/jpeg"
    } else if at(0, b"\x89PNG\r\n\x1a\n") {
        "image/png"
    } else if at(0, b"GIF87a") || at(0, b"GIF89a") {
        "image/gif"
    } else if at(0, b"RIFF") && at(8, b"WEBP") {
        "image/webp"
    } else if at(0, b"RIFF") && at(8, b"WAVE") {
        "audio/wav"
    } else if at(0, b"%PDF-") {
        "application/pdf"
    } else if at(4, b"ftyp") {
        return base_media(bytes);
    } else if at(0, b"OggS") {
        if at(28, b"\x80theora") { "video/ogg" } else { "audio/ogg" }
    } else if at(0, b"#!AMR-WB\n") {
        "audio/amr-wb"
    } else if at(0, b"#!AMR\n") {
        "audio/amr"
    } else if at(0, b"ID3") || mp3_frame(bytes) {
        "audio/mpeg"
    } else if at(0, b"\xff\xf1") || at(0, b"\xff\xf9") {
        "audio/aac"
    } else if at(0, b"\x1aE\xdf\xa3") {
        "video/webm"
    } else if at(0, b"II*\0") || at(0, b"MM\0*") {
        "image/tiff"
    } else if at(0, b"PK\x03\x04") {
        zip(bytes)
    } else if at(0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1") {
        // Office documents of before 2007; which one is told by a stream deep inside.
        "application/x-ole-storage"
    } else {
        return text(bytes);
    };
    Some(mime)
}

/// ISO base media files: the major brand tells.
fn base_media(bytes: &[u8]) -> Option<&'static str> {
    let brand = bytes.get(8..12)?;
    Some(match brand {
        b"qt  " => "video/quicktime",
        b"M4A " | b"M4B " => "audio/mp4",
        b"heic" | b"heix" | b"heim" | b"mif1" => "image/heic",
        b"avif" | b"avis" => "image/avif",
        _ if brand.starts_with(b"3g") => "video/3gpp",
        _ => "video/mp4",
    })
}

/// A layer III frame header whose fields all have a legal value, so that few other files are mistaken for one.
fn mp3_frame(bytes: &[u8]) -> bool {
    let [0xff, second, third, _, ..] = *bytes else {
        return false;
    };
    let version = second >> 3 & 3;
    let layer = second >> 1 & 3;
    let bitrate = third >> 4;
    let rate = third >> 2 & 3;
    second >> 5 == 7 && version != 1 && layer == 1 && bitrate != 0 && bitrate != 15 && rate != 3
}

/// Archives: office documents are told by the names of their parts.
fn zip(bytes: &[u8]) -> &'static str {
    // The names are looked for in the local headers of the first MiB and in the directory within the last 128 KiB.
    const HEAD: usize = 1 << 20;
    const TAIL: usize = 128 << 10;
    let head = &bytes[..bytes.len().min(HEAD)];
    let tail = &bytes[bytes.len().saturating_sub(TAIL)..];
    let mut kind = None;
    let mut macros = false;
    for (part, signature, name_at, length_at) in [(head, b"PK\x03\x04", 30, 26), (tail, b"PK\x01\x02", 46, 28)] {
        for offset in 0..part.len().saturating_sub(name_at) {
            if !part[offset..].starts_with(signature) {
                continue;
            }
            let length = usize::from(part[offset + length_at]) | usize::from(part[offset + length_at + 1]) << 8;
            let start = offset + name_at;
            let Some(name) = part.get(start..start + length) else {
                continue;
            };
            macros |= name.ends_with(b"vbaProject.bin");
            kind = kind.or(match name {
                _ if name.starts_with(b"word/") => Some(0),
                _ if name.starts_with(b"xl/") => Some(1),
                _ if name.starts_with(b"ppt/") => Some(2),
                _ => None,
            });
        }
    }
    match (kind, macros) {
        (Some(0), false) => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        (Some(1), false) => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        (Some(_), false) => "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        (Some(0), true) => "application/vnd.ms-word.document.macroEnabled.12",
        (Some(1), true) => "application/vnd.ms-excel.sheet.macroEnabled.12",
        (Some(_), true) => "application/vnd.ms-powerpoint.presentation.macroEnabled.12",
        (None, _) => "application/zip",
    }
}

/// Text: UTF-8 without control characters other than white space. Only the first 64 KiB are looked at.
fn text(bytes: &[u8]) -> Option<&'static str> {
    let head = &bytes[..bytes.len().min(64 << 10)];
    let text = match std::str::from_utf8(head) {
        Ok(text) => text,
        // A character cut by the end of what we look at.
        Err(error) if error.error_len().is_none() => std::str::from_utf8(&head[..error.valid_up_to()]).ok()?,
        Err(_) => return None,
    };
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.is_empty() || text.chars().any(|c| c.is_control() && !matches!(c, '\t' | '\n' | '\r' | '\u{c}')) {
        return None;
    }
    let card = text.get(..11).is_some_and(|start| start.eq_ignore_ascii_case("BEGIN:VCARD"));
    Some(if card { "text/vcard" } else { "text/plain" })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn entry(name: &str) -> Vec<u8> {
        let mut header = b"PK\x03\x04".to_vec();
        header.resize(26, 0);
        header.extend((name.len() as u16).to_le_bytes());
        header.extend([0, 0]);
        header.extend(name.as_bytes());
        header.extend(b"compressed");
        header
    }

    fn directory(name: &str) -> Vec<u8> {
        let mut header = b"PK\x01\x02".to_vec();
        header.resize(28, 0);
        header.extend((name.len() as u16).to_le_bytes());
        header.resize(46, 0);
        header.extend(name.as_bytes());
        header
    }

    #[test]
    fn each_kind_by_its_first_bytes() {
        let cases: &[(&[u8], Option<&str>)] = &[
            (b"\xff\xd8\xff\xe0\0\x10JFIF", Some("image/jpeg")),
            (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", Some("image/png")),
            (b"GIF89a..", Some("image/gif")),
            (b"RIFF\x10\0\0\0WEBPVP8 ", Some("image/webp")),
            (b"RIFF\x10\0\0\0WAVEfmt ", Some("audio/wav")),
            (b"RIFF\x10\0\0\0AVI LIST", None),
            (b"%PDF-1.7\n", Some("application/pdf")),
            (b"\0\0\0\x18ftypmp42....", Some("video/mp4")),
            (b"\0\0\0\x18ftypisom....", Some("video/mp4")),
            (b"\0\0\0\x18ftyp3gp5....", Some("video/3gpp")),
            (b"\0\0\0\x14ftypqt  ....", Some("video/quicktime")),
            (b"\0\0\0\x14ftypM4A ....", Some("audio/mp4")),
            (b"\0\0\0\x14ftypheic....", Some("image/heic")),
            (b"\0\0\0\x14ftyp", None),
            (b"OggS\0\x02............................OpusHead", Some("audio/ogg")),
            (b"ID3\x04\0\0", Some("audio/mpeg")),
            (b"\xff\xfb\x90\x64\0", Some("audio/mpeg")),
            (b"\xff\xfb\xf0\x64\0", None),
            (b"\xff\xf1\x50\x80", Some("audio/aac")),
            (b"#!AMR\n<", Some("audio/amr")),
            (b"#!AMR-WB\n<", Some("audio/amr-wb")),
            (b"hello", Some("text/plain")),
            ("caf\u{e9}\n".as_bytes(), Some("text/plain")),
            (b"<svg onload=alert(1)>", Some("text/plain")),
            (b"<!DOCTYPE html><script>", Some("text/plain")),
            (b"BEGIN:VCARD\r\nVERSION:3.0\r\n", Some("text/vcard")),
            (b"MZ\x90\0\x03", None),
            (b"\x7fELF\x02", None),
            (b"caf\xe9\n", None),
            (b"", None),
        ];
        for (bytes, expected) in cases {
            assert_eq!(sniff(bytes), *expected, "{:?}", String::from_utf8_lossy(bytes));
        }
    }

    #[test]
    fn office_documents_by_their_parts() {
        let check = |parts: &[Vec<u8>], expected: &str| {
            assert_eq!(sniff(&parts.concat()), Some(expected));
        };
        let types = entry("[Content_Types].xml");
        check(&[types.clone(), entry("word/document.xml")], "application/vnd.openxmlformats-officedocument.wordprocessingml.document");
        check(&[types.clone(), entry("xl/workbook.xml")], "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet");
        check(
            &[types.clone(), directory("ppt/presentation.xml")],
            "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        );
        check(
            &[types.clone(), entry("word/document.xml"), entry("word/vbaProject.bin")],
            "application/vnd.ms-word.document.macroEnabled.12",
        );
        check(&[types, entry("readme.txt")], "application/zip");
    }

    #[test]
    fn a_text_may_be_cut_inside_a_character() {
        let long = "é".repeat(40_000);
        assert_eq!(sniff(&long.as_bytes()[..65_537]), Some("text/plain"));
        assert_eq!(sniff(&long.as_bytes()[..65_535]), Some("text/plain"));
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..200), zipped in any::<bool>()) {
            let bytes = if zipped { [b"PK\x03\x04".to_vec(), bytes].concat() } else { bytes };
            let _ = sniff(&bytes);
        }
    }
}
