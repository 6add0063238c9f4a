//! A sealed session that does not fit into one item: its bytes lie in items of their own, and the session's item says which.
//!
//! ```text
//! session's item   fmt = parts, parts = "<generation>:<count>", expires, rev …; no data
//! part n           key = <session's key>.<generation>.<n>, data B, fmt = part, expires an hour later
//! ```
//!
//! What must hold: each write has a generation of its own (random), and its parts are all stored before the session's item points to them. So
//! whoever reads finds the parts of the item that it has read, whatever is written meanwhile; and the seal over the whole tells a wrong one.
//! Nobody deletes parts: who has just read the older item needs them, in another Region perhaps. TTL does.

use aws_lc_rs::rand;

use crate::config::Settings;
use crate::error::{Error, Kind};
use crate::store::copies::FMT;
use crate::store::{Attribute, Change, Item, Key, Update};

/// `fmt` of a session's item whose data lies in parts.
pub const IN_PARTS: &str = "parts";
/// `fmt` of a part.
const PART: &str = "part";
/// Name of the attribute that says which parts.
pub const PARTS: &str = "parts";
/// Bytes of a part: what is left of an item's 400 KB is for names and numbers.
const BYTES: usize = 400_000;
/// Parts live so much longer than their session, in seconds: clocks differ, and replication takes its time.
const SPARE: i64 = 3_600;
/// More parts than 64 MiB make are no session's.
const MOST: usize = 200;

/// The sealed bytes as parts of `key`, and the value of the attribute that points to them.
///
/// # Errors
/// Only when the system gives no random numbers.
pub fn split(settings: &Settings, key: &Key, sealed: &[u8], expires: i64) -> Result<(Change, Vec<(Key, Update)>), Error> {
    let mut random = [0; 8];
    rand::fill(&mut random).map_err(|_| Error::new(Kind::Internal, "the system gives no random numbers"))?;
    let generation = format!("{:016x}", u64::from_be_bytes(random));
    let part = |(number, bytes): (usize, &[u8])| {
        let changes = [
            (settings.data_attribute.clone(), Change::Set(Attribute::B(bytes.to_vec()))),
            (settings.expires_attribute.clone(), Change::Set(Attribute::N(expires.saturating_add(SPARE)))),
            (FMT.to_owned(), Change::Set(Attribute::S(PART.into()))),
        ];
        (part_key(key, &generation, number), Update { changes: changes.into(), ..Update::default() })
    };
    let parts: Vec<_> = sealed.chunks(BYTES).enumerate().map(part).collect();
    Ok((Change::Set(Attribute::S(format!("{generation}:{}", parts.len()))), parts))
}

fn part_key(key: &Key, generation: &str, number: usize) -> Key {
    Key { value: format!("{}.{generation}.{number}", key.value), ..key.clone() }
}

/// The keys of the parts that the session's item `item` points to; `None`: it has its data in itself.
///
/// # Errors
/// [`Kind::Corrupt`] when what it says makes no sense.
pub fn keys(key: &Key, item: &Item) -> Result<Option<Vec<Key>>, Error> {
    if !matches!(item.get(FMT), Some(Attribute::S(fmt)) if fmt == IN_PARTS) {
        return Ok(None);
    }
    let corrupt = || Error::new(Kind::Corrupt, "the stored item does not say which parts it has");
    let Some(Attribute::S(text)) = item.get(PARTS) else { return Err(corrupt()) };
    let (generation, count) = text.split_once(':').ok_or_else(corrupt)?;
    let count: usize = count.parse().ok().filter(|count| (1..=MOST).contains(count)).ok_or_else(corrupt)?;
    if generation.len() != 16 || !generation.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err(corrupt());
    }
    Ok(Some((0..count).map(|number| part_key(key, generation, number)).collect()))
}

/// The sealed bytes of these parts, in their order.
///
/// # Errors
/// [`Kind::Corrupt`] when one holds no bytes.
pub fn join(settings: &Settings, parts: Vec<Item>) -> Result<Vec<u8>, Error> {
    let mut sealed = Vec::with_capacity(parts.len() * BYTES);
    for mut part in parts {
        match part.remove(&settings.data_attribute) {
            Some(Attribute::B(bytes)) => sealed.extend_from_slice(&bytes),
            _ => return Err(Error::new(Kind::Corrupt, "a part of the stored session holds no bytes")),
        }
    }
    Ok(sealed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> Key {
        Key { table: "t".into(), attribute: "k".into(), value: "hash".into() }
    }

    #[test]
    fn what_is_split_is_joined() {
        let settings = Settings::default();
        let sealed: Vec<u8> = (0..1_000_001_u32).map(|n| n.to_le_bytes()[1]).collect();
        let (pointer, parts) = split(&settings, &key(), &sealed, 5).expect("split");
        let Change::Set(pointer) = pointer else { panic!("no pointer") };
        let item = Item::from([(FMT.into(), Attribute::S(IN_PARTS.into())), (PARTS.into(), pointer)]);
        assert_eq!(keys(&key(), &item).expect("good"), Some(parts.iter().map(|(key, _)| key.clone()).collect()));
        assert_eq!(parts.len(), 3);
        let items = parts.into_iter().map(|(_, update)| {
            let set = update.changes.into_iter().filter_map(|(name, change)| match change {
                Change::Set(value) => Some((name, value)),
                _ => None,
            });
            set.collect()
        });
        assert!(join(&settings, items.collect()).expect("joined") == sealed);
    }

    #[test]
    fn each_write_has_parts_of_its_own() {
        let of = || split(&Settings::default(), &key(), &[0; 10], 5).expect("split").1.remove(0).0;
        assert_ne!(of(), of());
    }

    #[test]
    fn nonsense_is_corrupt() {
        for text in
            ["", "x", "0123456789abcdef:0", "0123456789abcdef:201", "0123456789abcdef:-1", "../../../../x/y:1", "0123456789abcdeg:1"]
        {
            let item = Item::from([(FMT.into(), Attribute::S(IN_PARTS.into())), (PARTS.into(), Attribute::S(text.into()))]);
            assert_eq!(keys(&key(), &item).unwrap_err().kind, Kind::Corrupt, "{text}");
        }
        assert_eq!(keys(&key(), &Item::new()).expect("an item of its own"), None);
        assert_eq!(join(&Settings::default(), vec![Item::new()]).unwrap_err().kind, Kind::Corrupt);
    }
}
