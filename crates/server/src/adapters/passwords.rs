//! Argon2id, with its memory given back.
//!
//! A hash works in 19 MiB. Blocks of that size come from the allocator's heaps, which keep them; asked for more than 32 MiB it maps
//! them from the system and unmaps them again. Only what is used of it is ever touched, so the rest costs nothing.

use super::ids;
use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use subtle::ConstantTimeEq;

/// More than the allocator keeps, in blocks of 1 KiB.
const MAPPED: usize = 40 << 10;
/// A hash that asks for more memory than this is none of ours.
const MOST_BLOCKS: usize = MAPPED;
/// Longer passwords can't have been set. Characters.
const LONGEST: usize = 1024;

fn fill(params: Params, password: &[u8], salt: &[u8], out: &mut [u8]) -> Option<()> {
    let blocks = params.block_count();
    if blocks > MOST_BLOCKS {
        return None;
    }
    let mut memory: Vec<Block> = Vec::with_capacity(MAPPED);
    memory.resize(blocks, Block::new());
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params).hash_password_into_with_memory(password, salt, out, &mut memory).ok()
}

/// The hash of a password, with a fresh salt, in its usual textual form.
pub fn hash(password: &str) -> String {
    let mut salt = [0; 16];
    ids::fill(&mut salt);
    let params = Params::default();
    let mut out = [0; Params::DEFAULT_OUTPUT_LEN];
    fill(params.clone(), password.as_bytes(), &salt, &mut out).expect("the default parameters and a salt of 16 bytes are good");
    let hash = PasswordHash {
        algorithm: Algorithm::Argon2id.ident(),
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(&params).expect("the default parameters can be written"),
        salt: Some(Salt::new(&salt).expect("16 bytes are a salt")),
        hash: Some(Output::new(&out).expect("32 bytes are a hash")),
    };
    hash.to_string()
}

/// Whether a password is the one of a hash; never for something that is no hash of ours.
pub fn check(password: &str, hash: &str) -> bool {
    let Ok(parsed) = PasswordHash::new(hash) else { return false };
    let (Some(salt), Some(expected)) = (parsed.salt, parsed.hash) else { return false };
    let Ok(params) = Params::try_from(&parsed) else { return false };
    let ours = parsed.algorithm == Algorithm::Argon2id.ident() && parsed.version == Some(Version::V0x13.into());
    if !ours || password.chars().count() > LONGEST {
        return false;
    }
    let mut out = vec![0; expected.len()];
    fill(params, password.as_bytes(), salt.as_ref(), &mut out).is_some() && bool::from(out.ct_eq(expected.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use argon2::password_hash::{PasswordHasher, PasswordVerifier};

    #[test]
    fn our_hashes_are_the_librarys() {
        let ours = hash("correct-horse-9A");
        assert!(ours.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{ours}");
        let parsed = PasswordHash::new(&ours).expect("the usual form");
        assert!(Argon2::default().verify_password(b"correct-horse-9A", &parsed).is_ok());
        let theirs = Argon2::default().hash_password_with_salt(b"correct-horse-9A", b"0123456789abcdef").expect("good input").to_string();
        assert!(check("correct-horse-9A", &theirs) && check("correct-horse-9A", &ours));
        for wrong in ["correct-horse-9B", "", "correct-horse-9A "] {
            assert!(!check(wrong, &ours) && !check(wrong, &theirs), "{wrong}");
        }
    }

    #[test]
    fn what_is_no_hash_of_ours_matches_nothing() {
        let ours = hash("correct-horse-9A");
        let greedy = ours.replace("m=19456", "m=4000000");
        let other = ours.replace("$argon2id$", "$argon2i$");
        for text in ["", "no hash", "$argon2id$v=19$m=19456,t=2,p=1", greedy.as_str(), other.as_str()] {
            assert!(!check("correct-horse-9A", text), "{text}");
        }
    }
}
