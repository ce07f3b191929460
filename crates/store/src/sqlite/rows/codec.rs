//! The compact record format of `data` and `state` columns.
//!
//! A record is its fields one after another: numbers as variable-length integers (signed ones zigzagged), texts and byte
//! strings behind their length, options behind a flag. No names, no padding. A record grows by appending: whoever reads a
//! younger field takes the record's end as its absence, so that needs no migration; every other change does.

use crate::sqlite::failure::Failure;
use antiphon_domain::Timestamp;
use std::sync::Arc;

/// Writes a record.
pub struct Encoder {
    bytes: Vec<u8>,
}

impl Encoder {
    /// An empty record with room for a typical one.
    pub fn new() -> Self {
        Self { bytes: Vec::with_capacity(256) }
    }

    /// The record.
    pub fn finish(self) -> Vec<u8> {
        self.bytes
    }

    pub fn u64(&mut self, mut number: u64) -> &mut Self {
        while number >= 0x80 {
            self.bytes.push((number & 0x7f) as u8 | 0x80);
            number >>= 7;
        }
        self.bytes.push(number as u8);
        self
    }

    pub fn u8(&mut self, number: u8) -> &mut Self {
        self.bytes.push(number);
        self
    }

    pub fn i64(&mut self, number: i64) -> &mut Self {
        self.u64(((number << 1) ^ (number >> 63)) as u64)
    }

    pub fn time(&mut self, time: Timestamp) -> &mut Self {
        self.i64(time.0)
    }

    pub fn bool(&mut self, flag: bool) -> &mut Self {
        self.u8(u8::from(flag))
    }

    pub fn fixed(&mut self, bytes: &[u8]) -> &mut Self {
        self.bytes.extend_from_slice(bytes);
        self
    }

    pub fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.u64(bytes.len() as u64).fixed(bytes)
    }

    pub fn text(&mut self, text: &str) -> &mut Self {
        self.bytes(text.as_bytes())
    }

    pub fn option<T>(&mut self, value: Option<T>, put: impl FnOnce(&mut Self, T)) -> &mut Self {
        self.bool(value.is_some());
        if let Some(value) = value {
            put(self, value);
        }
        self
    }

    pub fn list<T>(&mut self, items: impl ExactSizeIterator<Item = T>, mut put: impl FnMut(&mut Self, T)) -> &mut Self {
        self.u64(items.len() as u64);
        for item in items {
            put(self, item);
        }
        self
    }

    pub fn option_text(&mut self, text: Option<&str>) -> &mut Self {
        self.option(text, |to, text| {
            to.text(text);
        })
    }

    pub fn option_time(&mut self, time: Option<Timestamp>) -> &mut Self {
        self.option(time, |to, time| {
            to.time(time);
        })
    }

    pub fn option_u64(&mut self, number: Option<u64>) -> &mut Self {
        self.option(number, |to, number| {
            to.u64(number);
        })
    }

    pub fn option_i64(&mut self, number: Option<i64>) -> &mut Self {
        self.option(number, |to, number| {
            to.i64(number);
        })
    }
}

/// Reads a record; whatever does not fit is [`Failure::Corrupt`].
pub struct Decoder<'a> {
    rest: &'a [u8],
}

impl<'a> Decoder<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// Whether nothing more follows: the record was written before the field that would.
    pub fn is_at_end(&self) -> bool {
        self.rest.is_empty()
    }

    pub fn u8(&mut self) -> Result<u8, Failure> {
        let (&first, rest) = self.rest.split_first().ok_or_else(|| Failure::corrupt("a record ends early"))?;
        self.rest = rest;
        Ok(first)
    }

    pub fn u64(&mut self) -> Result<u64, Failure> {
        let mut number = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.u8()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(Failure::corrupt("a number in a record is too long"))
    }

    pub fn u32(&mut self) -> Result<u32, Failure> {
        u32::try_from(self.u64()?).map_err(|_| Failure::corrupt("a number in a record is too large"))
    }

    pub fn u16(&mut self) -> Result<u16, Failure> {
        u16::try_from(self.u64()?).map_err(|_| Failure::corrupt("a number in a record is too large"))
    }

    pub fn i64(&mut self) -> Result<i64, Failure> {
        let number = self.u64()?;
        Ok((number >> 1) as i64 ^ -((number & 1) as i64))
    }

    pub fn time(&mut self) -> Result<Timestamp, Failure> {
        self.i64().map(Timestamp)
    }

    pub fn bool(&mut self) -> Result<bool, Failure> {
        match self.u8()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(Failure::corrupt("a flag in a record is neither 0 nor 1")),
        }
    }

    pub fn slice(&mut self, length: usize) -> Result<&'a [u8], Failure> {
        if length > self.rest.len() {
            return Err(Failure::corrupt("a record ends early"));
        }
        let (taken, rest) = self.rest.split_at(length);
        self.rest = rest;
        Ok(taken)
    }

    pub fn fixed<const N: usize>(&mut self) -> Result<[u8; N], Failure> {
        let mut bytes = [0; N];
        bytes.copy_from_slice(self.slice(N)?);
        Ok(bytes)
    }

    pub fn bytes(&mut self) -> Result<&'a [u8], Failure> {
        let length = usize::try_from(self.u64()?).unwrap_or(usize::MAX);
        self.slice(length)
    }

    pub fn text(&mut self) -> Result<&'a str, Failure> {
        std::str::from_utf8(self.bytes()?).map_err(|_| Failure::corrupt("a text in a record is not UTF-8"))
    }

    pub fn string(&mut self) -> Result<String, Failure> {
        self.text().map(str::to_owned)
    }

    pub fn arc(&mut self) -> Result<Arc<str>, Failure> {
        self.text().map(Arc::from)
    }

    pub fn option<T>(&mut self, get: impl FnOnce(&mut Self) -> Result<T, Failure>) -> Result<Option<T>, Failure> {
        if self.bool()? { get(self).map(Some) } else { Ok(None) }
    }

    pub fn list<T>(&mut self, mut get: impl FnMut(&mut Self) -> Result<T, Failure>) -> Result<Vec<T>, Failure> {
        let length = self.u64()?;
        // Each item takes at least a byte: a damaged length must not reserve memory.
        if length > self.rest.len() as u64 {
            return Err(Failure::corrupt("a list in a record is too long"));
        }
        (0..length).map(|_| get(self)).collect()
    }
}

/// The place of a value in its list of all values, as it is stored.
pub fn place<T: PartialEq>(all: &[T], value: &T) -> u8 {
    all.iter().position(|one| one == value).map_or(u8::MAX, |at| at as u8)
}

/// The value at a stored place.
pub fn at_place<T: Copy>(all: &[T], place: u8) -> Result<T, Failure> {
    all.get(usize::from(place)).copied().ok_or_else(|| Failure::corrupt("a record names a value that does not exist"))
}

/// An ordered 64-bit id as a signed integer that sorts the same.
pub fn ordered(id: u64) -> i64 {
    (id ^ (1 << 63)) as i64
}

/// Back from [`ordered`].
pub fn unordered(stored: i64) -> u64 {
    stored as u64 ^ (1 << 63)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_back() {
        for number in [0, 1, -1, 63, 64, -65, i64::MAX, i64::MIN] {
            let mut to = Encoder::new();
            to.i64(number).u64(number as u64);
            let bytes = to.finish();
            let mut from = Decoder::new(&bytes);
            assert_eq!(from.i64().unwrap(), number);
            assert_eq!(from.u64().unwrap(), number as u64);
            assert!(from.rest.is_empty());
        }
    }

    #[test]
    fn damage_is_an_error_not_a_panic() {
        assert!(Decoder::new(&[]).u8().is_err());
        assert!(Decoder::new(&[0xff; 12]).u64().is_err());
        assert!(Decoder::new(&[200, 1, b'x']).text().is_err());
        assert!(Decoder::new(&[0xff, 0xff, 0x03]).list(|from| from.u8()).is_err());
        assert!(Decoder::new(&[2]).bool().is_err());
        assert!(Decoder::new(&[1, 0xff]).text().is_err());
    }

    #[test]
    fn ordered_ids_sort_like_themselves() {
        let ids = [0, 1, u64::from(u32::MAX), 1 << 63, u64::MAX];
        assert!(ids.windows(2).all(|pair| ordered(pair[0]) < ordered(pair[1])));
        assert!(ids.iter().all(|&id| unordered(ordered(id)) == id));
    }
}
