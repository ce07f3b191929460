//! Small copies of pictures: one to show in a list or transcript, and one so small that it travels inside a message.
//!
//! Pure and bounded: what a picture claims about itself is checked before anything is decoded, because a few bytes can claim
//! a wall of pixels. Decoding takes up to a second of CPU, so callers run it aside, one at a time. Nothing of the original but
//! its pixels survives: no place, no camera, no comment.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use image::codecs::jpeg::JpegEncoder;
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits, Rgb, RgbImage};
use std::io::Cursor;

/// The most pixels of a picture that is looked at: what large phone cameras make, and some.
pub const MOST_PIXELS: u64 = 50_000_000;
/// The longest side of a picture that is looked at.
const LONGEST_SIDE: u32 = 20_000;
/// The most memory that decoding may ask for, in bytes.
const MOST_MEMORY: u64 = 256 << 20;
/// The most passes of a progressive JPEG, each of which costs as much as a whole picture; cameras make about ten.
const MOST_PASSES: usize = 40;
/// The longest side of a thumbnail, in pixels.
pub const THUMBNAIL_SIDE: u32 = 480;
/// The longest side of a preview, in pixels.
pub const PREVIEW_SIDE: u32 = 100;
/// The longest preview, as a data URL, in bytes: what the published protocol allows, as a data URL of thirty kilobytes.
pub const PREVIEW_BYTES: usize = 30 * 1024;
const QUALITY: u8 = 75;
const PREVIEW_PREFIX: &str = "data:image/jpeg;base64,";

/// A picture and its small copies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shrunk {
    /// Of the picture as it is meant to be seen, in pixels.
    pub width: u32,
    /// Of the picture as it is meant to be seen, in pixels.
    pub height: u32,
    /// A JPEG; none where the picture itself is as small.
    pub thumbnail: Option<Vec<u8>>,
    /// A JPEG as a data URL of at most [`PREVIEW_BYTES`].
    pub preview: String,
}

/// Why there are no small copies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unshrinkable {
    /// Not a picture of a kind that is decoded.
    Kind,
    /// It claims to be larger than what is decoded.
    TooLarge,
    /// Its bytes are damaged.
    Damaged,
}

/// Whether a media type is one that small copies are made of.
pub fn is_picture(media_type: &str) -> bool {
    format(media_type).is_some()
}

fn format(media_type: &str) -> Option<ImageFormat> {
    match media_type {
        "image/jpeg" => Some(ImageFormat::Jpeg),
        "image/png" => Some(ImageFormat::Png),
        "image/gif" => Some(ImageFormat::Gif),
        "image/webp" => Some(ImageFormat::WebP),
        _ => None,
    }
}

/// Makes the small copies of a picture of a media type that its bytes showed. Of a moving picture the first frame counts.
///
/// # Errors
/// See [`Unshrinkable`].
pub fn shrink(bytes: &[u8], media_type: &str) -> Result<Shrunk, Unshrinkable> {
    let format = format(media_type).ok_or(Unshrinkable::Kind)?;
    if format == ImageFormat::Jpeg && passes(bytes) > MOST_PASSES {
        return Err(Unshrinkable::TooLarge);
    }
    let mut limits = Limits::default();
    limits.max_image_width = Some(LONGEST_SIDE);
    limits.max_image_height = Some(LONGEST_SIDE);
    limits.max_alloc = Some(MOST_MEMORY);
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(|error| why(&error))?;
    let (width, height) = decoder.dimensions();
    if width == 0 || height == 0 {
        return Err(Unshrinkable::Damaged);
    }
    if u64::from(width) * u64::from(height) > MOST_PIXELS || decoder.total_bytes() > MOST_MEMORY {
        return Err(Unshrinkable::TooLarge);
    }
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let picture = DynamicImage::from_decoder(decoder).map_err(|error| why(&error))?;
    let small = upright(within(&picture, THUMBNAIL_SIDE), orientation);
    let (width, height) = if turns(orientation) { (height, width) } else { (width, height) };
    let preview = preview(&small)?;
    let thumbnail = if width.max(height) > THUMBNAIL_SIDE { Some(jpeg(&flat(&small), QUALITY)?) } else { None };
    Ok(Shrunk { width, height, thumbnail, preview })
}

fn why(error: &image::ImageError) -> Unshrinkable {
    match error {
        image::ImageError::Limits(_) => Unshrinkable::TooLarge,
        image::ImageError::Unsupported(_) => Unshrinkable::Kind,
        _ => Unshrinkable::Damaged,
    }
}

/// How many passes a JPEG announces: start-of-scan markers.
fn passes(bytes: &[u8]) -> usize {
    bytes.windows(2).filter(|pair| pair == b"\xff\xda").count()
}

/// The picture with no side longer than that; smaller ones stay as they are.
fn within(picture: &DynamicImage, side: u32) -> DynamicImage {
    if picture.width().max(picture.height()) > side { picture.thumbnail(side, side) } else { picture.clone() }
}

fn turns(orientation: Orientation) -> bool {
    matches!(orientation, Orientation::Rotate90 | Orientation::Rotate270 | Orientation::Rotate90FlipH | Orientation::Rotate270FlipH)
}

fn upright(mut picture: DynamicImage, orientation: Orientation) -> DynamicImage {
    picture.apply_orientation(orientation);
    picture
}

/// Without transparency, on white: what a JPEG can hold.
fn flat(picture: &DynamicImage) -> RgbImage {
    if !picture.color().has_alpha() {
        return picture.to_rgb8();
    }
    let seen = picture.to_rgba8();
    RgbImage::from_fn(seen.width(), seen.height(), |x, y| {
        let [red, green, blue, alpha] = seen.get_pixel(x, y).0;
        let alpha = u32::from(alpha);
        let over_white = |channel: u8| u8::try_from((u32::from(channel) * alpha + 255 * (255 - alpha)) / 255).unwrap_or(u8::MAX);
        Rgb([over_white(red), over_white(green), over_white(blue)])
    })
}

fn jpeg(picture: &RgbImage, quality: u8) -> Result<Vec<u8>, Unshrinkable> {
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, quality).encode_image(picture).map_err(|error| why(&error))?;
    Ok(bytes)
}

/// A hundred pixels of noise fit with room to spare; coarser steps are for what no one foresaw.
fn preview(small: &DynamicImage) -> Result<String, Unshrinkable> {
    for (side, quality) in [(PREVIEW_SIDE, 70), (PREVIEW_SIDE, 40), (PREVIEW_SIDE / 2, 40)] {
        let bytes = jpeg(&flat(&within(small, side)), quality)?;
        let url = format!("{PREVIEW_PREFIX}{}", STANDARD.encode(&bytes));
        if url.len() <= PREVIEW_BYTES {
            return Ok(url);
        }
    }
    Err(Unshrinkable::TooLarge)
}

/// Whether a preview that somebody gave may be shown: a picture inside a data URL, which loads nothing from anywhere.
pub fn is_preview(url: &str) -> bool {
    let Some((head, data)) = url.split_once(";base64,") else { return false };
    let picture = matches!(head, "data:image/jpeg" | "data:image/jpg" | "data:image/png" | "data:image/gif" | "data:image/webp");
    picture && !data.is_empty() && data.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'='))
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{Rgba, RgbaImage};
    use proptest::prelude::*;

    fn encoded(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        picture.write_to(&mut bytes, format).expect("it encodes");
        bytes.into_inner()
    }

    fn noise(width: u32, height: u32) -> DynamicImage {
        let mut state = 7u32;
        DynamicImage::ImageRgb8(RgbImage::from_fn(width, height, |_, _| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            Rgb([(state >> 8) as u8, (state >> 16) as u8, (state >> 24) as u8])
        }))
    }

    fn opened(jpeg: &[u8]) -> RgbImage {
        image::load_from_memory_with_format(jpeg, ImageFormat::Jpeg).expect("a JPEG").to_rgb8()
    }

    fn of_preview(preview: &str) -> RgbImage {
        opened(&STANDARD.decode(preview.strip_prefix(PREVIEW_PREFIX).expect("a data URL")).expect("base64"))
    }

    #[test]
    fn every_kind_is_shrunk_within_its_bounds() {
        for (media_type, format) in [
            ("image/jpeg", ImageFormat::Jpeg),
            ("image/png", ImageFormat::Png),
            ("image/gif", ImageFormat::Gif),
            ("image/webp", ImageFormat::WebP),
        ] {
            let shrunk = shrink(&encoded(&noise(900, 300), format), media_type).expect(media_type);
            assert_eq!((shrunk.width, shrunk.height), (900, 300), "{media_type}");
            assert_eq!(opened(&shrunk.thumbnail.expect("a thumbnail")).dimensions(), (480, 160), "{media_type}");
            assert!(shrunk.preview.len() <= PREVIEW_BYTES && is_preview(&shrunk.preview), "{media_type}");
            assert_eq!(of_preview(&shrunk.preview).dimensions(), (100, 33), "{media_type}");
        }
    }

    #[test]
    fn a_small_picture_is_its_own_thumbnail() {
        let shrunk = shrink(&encoded(&noise(60, 480), ImageFormat::Png), "image/png").expect("a picture");
        assert_eq!((shrunk.width, shrunk.height, shrunk.thumbnail), (60, 480, None));
        let dot = shrink(&encoded(&noise(1, 1), ImageFormat::Png), "image/png").expect("a picture");
        assert_eq!(of_preview(&dot.preview).dimensions(), (1, 1), "never enlarged");
    }

    #[test]
    fn what_can_be_seen_through_is_white_behind() {
        let mut clear = RgbaImage::from_pixel(20, 20, Rgba([0, 0, 0, 0]));
        clear.put_pixel(0, 0, Rgba([0, 0, 0, 255]));
        let shrunk = shrink(&encoded(&DynamicImage::ImageRgba8(clear), ImageFormat::Png), "image/png").expect("a picture");
        let corner = of_preview(&shrunk.preview).get_pixel(15, 15).0;
        assert!(corner.iter().all(|channel| *channel > 250), "{corner:?}");
    }

    #[test]
    fn a_picture_stands_as_its_camera_was_held() {
        // The segment of metadata that says: turn a quarter to the right.
        let turned = b"\xff\xe1\x00\x22Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
        let plain = encoded(&noise(800, 400), ImageFormat::Jpeg);
        let bytes = [&plain[..2], turned, &plain[2..]].concat();
        let shrunk = shrink(&bytes, "image/jpeg").expect("a picture");
        assert_eq!((shrunk.width, shrunk.height), (400, 800));
        let thumbnail = shrunk.thumbnail.expect("a thumbnail");
        assert_eq!(opened(&thumbnail).dimensions(), (240, 480));
        assert!(!thumbnail.windows(4).any(|bytes| bytes == b"Exif"), "nothing but pixels survives");
    }

    #[test]
    fn claims_are_checked_before_anything_is_decoded() {
        fn claiming(width: u32, height: u32) -> Vec<u8> {
            let mut bytes = encoded(&noise(2, 2), ImageFormat::Png);
            bytes[16..20].copy_from_slice(&width.to_be_bytes());
            bytes[20..24].copy_from_slice(&height.to_be_bytes());
            let sum = crc(&bytes[12..29]);
            bytes[29..33].copy_from_slice(&sum.to_be_bytes());
            bytes
        }
        fn crc(bytes: &[u8]) -> u32 {
            !bytes.iter().fold(!0u32, |sum, byte| {
                (0..8).fold(sum ^ u32::from(*byte), |sum, _| if sum & 1 == 1 { sum >> 1 ^ 0xedb8_8320 } else { sum >> 1 })
            })
        }
        assert_eq!(shrink(&claiming(20_001, 1), "image/png"), Err(Unshrinkable::TooLarge));
        assert_eq!(shrink(&claiming(19_999, 19_999), "image/png"), Err(Unshrinkable::TooLarge));
        assert_eq!(shrink(&claiming(2, 3), "image/png"), Err(Unshrinkable::Damaged));
        let scans = [encoded(&noise(8, 8), ImageFormat::Jpeg), b"\xff\xda".repeat(MOST_PASSES)].concat();
        assert_eq!(shrink(&scans, "image/jpeg"), Err(Unshrinkable::TooLarge));
    }

    #[test]
    fn what_is_no_picture_has_no_small_copies() {
        assert_eq!(shrink(b"%PDF-1.7", "application/pdf"), Err(Unshrinkable::Kind));
        assert_eq!(shrink(b"\xff\xd8\xff\xe0", "image/jpeg"), Err(Unshrinkable::Damaged));
        assert!(is_picture("image/webp") && !is_picture("image/svg+xml") && !is_picture("image/tiff"));
    }

    #[test]
    fn previews_are_pictures_and_nothing_else() {
        for good in ["data:image/png;base64,AAAA", "data:image/jpg;base64,AA==", "data:image/gif;base64,R0lG"] {
            assert!(is_preview(good), "{good}");
        }
        for bad in [
            "",
            "https://e.test/x.png",
            "javascript:alert(1)",
            "data:text/html;base64,AAAA",
            "data:image/svg+xml;base64,AAAA",
            "data:image/png;base64,",
            "data:image/png;base64,\"><script>",
            "data:image/png,AAAA",
        ] {
            assert!(!is_preview(bad), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn damage_is_an_error_not_a_panic(at in any::<prop::sample::Index>(), to in any::<u8>(), cut in any::<prop::sample::Index>(), kind in 0..4usize) {
            let kinds = [("image/jpeg", ImageFormat::Jpeg), ("image/png", ImageFormat::Png), ("image/gif", ImageFormat::Gif), ("image/webp", ImageFormat::WebP)];
            let (media_type, format) = kinds[kind];
            let mut bytes = encoded(&noise(24, 16), format);
            let at = at.index(bytes.len());
            bytes[at] = to;
            let _ = shrink(&bytes, media_type);
            bytes.truncate(cut.index(bytes.len()));
            let _ = shrink(&bytes, media_type);
        }
    }
}
