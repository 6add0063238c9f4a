//! The `sealed` layout's key and data: a copy of the whole table gives nobody a session id, a cookie or any data.
//!
//! ```text
//! key attribute = base64url( HKDF-SHA-256(session id; salt, "key"  ‖ prefix) )      43 characters
//! AEAD key      =            HKDF-SHA-256(session id; salt, "seal" ‖ prefix)        32 bytes
//! data          = version (1) ‖ flags (1) ‖ nonce (12) ‖ AES-256-GCM( flags & 1 ? zstd(data) : data ) ‖ tag (16)
//! ```
//!
//! Version and flags are authenticated. The nonce is random; a key seals one session's writes only, far below the 2^32 that random
//! nonces allow. The session id must be hard to guess, as PHP's own ids are (128 bits): whoever can guess it can ask for the session anyway.
//! Not hidden: how long the data is, when it was written and when it expires. Not prevented: putting back an older copy of the same item.

use aws_lc_rs::aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey};
use aws_lc_rs::hkdf::{self, HKDF_SHA256, Salt};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::error::{Error, Kind};
use crate::session::pack;

const VERSION: u8 = 1;
const COMPRESSED: u8 = 1;
const SALT: &[u8] = b"wp-dynamodb/session/1";
const NONCE: usize = 12;
const HEADER: usize = 2;
/// Compression is not tried below this size: there is nothing to win.
const WORTH_COMPRESSING: usize = 256;
/// Nothing larger is ever sealed, so nothing larger is ever unpacked.
pub const LARGEST: usize = 64 << 20;

/// HKDF output of 32 bytes.
struct Length;

impl hkdf::KeyType for Length {
    fn len(&self) -> usize {
        32
    }
}

fn derive(id: &str, purpose: &str, prefix: &str) -> Result<[u8; 32], Error> {
    let mut out = [0; 32];
    Salt::new(HKDF_SHA256, SALT)
        .extract(id.as_bytes())
        .expand(&[purpose.as_bytes(), b"\0", prefix.as_bytes()], Length)
        .and_then(|okm| okm.fill(&mut out))
        .map_err(|_| Error::new(Kind::Internal, "the session's key cannot be derived"))?;
    Ok(out)
}

/// The key attribute's value for a session id.
///
/// # Errors
/// Never in practice: only when the crypto library fails.
pub fn key(id: &str, prefix: &str) -> Result<String, Error> {
    Ok(URL_SAFE_NO_PAD.encode(derive(id, "key", prefix)?))
}

fn aead(id: &str, prefix: &str) -> Result<RandomizedNonceKey, Error> {
    RandomizedNonceKey::new(&AES_256_GCM, &derive(id, "seal", prefix)?)
        .map_err(|_| Error::new(Kind::Internal, "the session's key cannot be used"))
}

/// Compresses the data when that pays, and seals it.
///
/// # Errors
/// [`Kind::TooLarge`] above [`LARGEST`].
pub fn seal(id: &str, prefix: &str, data: &[u8]) -> Result<Vec<u8>, Error> {
    if data.len() > LARGEST {
        return Err(Error::new(Kind::TooLarge, format!("the session has {} bytes; at most {LARGEST} are sealed", data.len())));
    }
    let packed =
        (data.len() >= WORTH_COMPRESSING).then(|| pack::pack(data)).flatten().filter(|packed| packed.len() < data.len() - data.len() / 16);
    let header = [VERSION, if packed.is_some() { COMPRESSED } else { 0 }];
    let mut body = packed.unwrap_or_else(|| data.to_vec());
    let nonce = aead(id, prefix)?
        .seal_in_place_append_tag(Aad::from(header), &mut body)
        .map_err(|_| Error::new(Kind::Internal, "the session cannot be sealed"))?;
    let mut sealed = Vec::with_capacity(HEADER + NONCE + body.len());
    sealed.extend_from_slice(&header);
    sealed.extend_from_slice(nonce.as_ref());
    sealed.append(&mut body);
    Ok(sealed)
}

/// Opens what [`seal`] made.
///
/// # Errors
/// [`Kind::Corrupt`] when any byte has changed or the key is another one; [`Kind::Config`] for a version that only newer software knows.
pub fn open(id: &str, prefix: &str, sealed: &[u8]) -> Result<Vec<u8>, Error> {
    let corrupt = |why: &str| Error::new(Kind::Corrupt, format!("the stored session fails its check: {why}"));
    let (header, rest) = sealed.split_at_checked(HEADER).ok_or_else(|| corrupt("it is too short"))?;
    if header[0] != VERSION {
        return Err(Error::new(
            Kind::Config,
            format!("the stored session has format {}, this release reads {VERSION}: upgrade it", header[0]),
        ));
    }
    let (nonce, body) = rest.split_at_checked(NONCE).ok_or_else(|| corrupt("it is too short"))?;
    let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| corrupt("it is too short"))?;
    let mut body = body.to_vec();
    let plain = aead(id, prefix)?
        .open_in_place(nonce, Aad::from([header[0], header[1]]), &mut body)
        .map_err(|_| corrupt("it was changed, damaged, or sealed for another session"))?;
    if header[1] & COMPRESSED == 0 {
        return Ok(plain.to_vec());
    }
    let data = pack::unpack(plain, LARGEST).ok_or_else(|| corrupt("it cannot be unpacked"))?;
    if data.len() > LARGEST {
        return Err(corrupt("it unpacks to more than can have been stored"));
    }
    Ok(data)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ID: &str = "4kq0f5c2bptk1l9l3u0c5q6n8h";

    #[test]
    fn keys_tell_ids_and_prefixes_apart_and_stay_the_same() {
        let one = key(ID, "PHPSESSID").expect("a key");
        assert_eq!(one, key(ID, "PHPSESSID").expect("a key"));
        assert_ne!(one, key(ID, "other").expect("a key"));
        assert_ne!(one, key("another", "PHPSESSID").expect("a key"));
        assert_eq!(one.len(), 43);
        // Sessions stored by one release must be found by the next: this value never changes.
        assert_eq!(one, "U9xsp5Kl8tdHGebA9WCqiGmlKIFMgmngyhveo6p9blw");
    }

    #[test]
    fn repetitive_data_is_packed() {
        let data = b"cart|a:1:{s:4:\"item\";i:1;}".repeat(1000);
        let sealed = seal(ID, "P", &data).expect("sealed");
        assert!(sealed.len() < data.len() / 10, "{}", sealed.len());
        assert_eq!(open(ID, "P", &sealed).expect("opened"), data);
    }

    #[test]
    fn a_newer_version_is_said_to_be_one() {
        let mut sealed = seal(ID, "P", b"x").expect("sealed");
        sealed[0] = 2;
        assert_eq!(open(ID, "P", &sealed).unwrap_err().kind, Kind::Config);
    }

    #[test]
    fn what_is_far_too_large_is_refused_unpacked() {
        assert_eq!(seal(ID, "P", &vec![0; LARGEST + 1]).unwrap_err().kind, Kind::TooLarge);
    }

    #[test]
    fn two_seals_of_the_same_data_differ() {
        assert_ne!(seal(ID, "P", b"x").expect("sealed"), seal(ID, "P", b"x").expect("sealed"));
    }

    proptest! {
        #[test]
        fn opens_what_it_sealed(data in prop::collection::vec(any::<u8>(), 0..5000), id in "[a-zA-Z0-9,-]{1,64}") {
            let sealed = seal(&id, "P", &data).expect("sealed");
            prop_assert_eq!(open(&id, "P", &sealed).expect("opened"), data);
        }

        #[test]
        fn any_changed_byte_is_noticed(data in prop::collection::vec(any::<u8>(), 0..600), at: prop::sample::Index, flip in 1u8..) {
            let mut sealed = seal(ID, "P", &data).expect("sealed");
            let at = at.index(sealed.len());
            sealed[at] ^= flip;
            prop_assert!(open(ID, "P", &sealed).is_err());
        }

        #[test]
        fn any_cut_is_noticed(data in prop::collection::vec(any::<u8>(), 0..600), at: prop::sample::Index) {
            let sealed = seal(ID, "P", &data).expect("sealed");
            prop_assert!(open(ID, "P", &sealed[..at.index(sealed.len())]).is_err());
        }

        #[test]
        fn noise_is_an_error_not_a_panic(noise in prop::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(open(ID, "P", &noise).is_err());
        }
    }
}
