//! The two layouts of a session item.
//!
//! `sealed`: `session_id` S, `data` B, `expires` N (s), `rev` N, `updated_at` N (ms), `writer` S (Region), `fmt` S; `rev`, `updated_at` and
//! `writer` are set with the Region that is written (`store::copies`). A destroyed session that may have copies elsewhere is kept as
//! `fmt` = `gone`, without data and expired.
//! What does not fit into one item lies in several (`parts`).
//! `aws-sdk`: what the AWS SDK for PHP's handler writes: key `<session name>_<id>`, `expires` N, `data` S (B when it is not UTF-8).

use std::collections::BTreeMap;

use crate::config::{Format, Settings};
use crate::error::{Error, Kind};
use crate::session::{parts, seal};
use crate::store::copies::{BASE, FMT, GONE, REV, UPDATED_AT, WRITER};
use crate::store::{Attribute, Change, Item, Key, LOCK, LOCK_UNTIL, Update, Writing};

/// DynamoDB's limit of an item, names included.
pub const ITEM_LIMIT: usize = 400 * 1024;
/// DynamoDB's limit of a partition key.
const KEY_LIMIT: usize = 2048;
/// Ids longer than this are no session ids: PHP's own have at most 256 characters.
const ID_LIMIT: usize = 256;
/// Names that the layouts use themselves.
pub const OWN_ATTRIBUTES: [&str; 8] = [REV, UPDATED_AT, WRITER, BASE, FMT, parts::PARTS, LOCK, LOCK_UNTIL];

/// A stored session, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// The serialised session; may be empty.
    pub data: Vec<u8>,
    /// When it expires, in seconds since 1970.
    pub expires: i64,
}

/// The prefix that keeps sessions of different names or sites apart.
fn prefix<'a>(settings: &'a Settings, name: &'a str) -> &'a str {
    if settings.prefix.is_empty() { name } else { &settings.prefix }
}

/// The key of the session `id` of the session name `name`.
///
/// # Errors
/// [`Kind::Invalid`] for an id that cannot be one: empty, too long, or with control characters.
pub fn key(settings: &Settings, name: &str, id: &str) -> Result<Key, Error> {
    if id.is_empty() || id.len() > ID_LIMIT || id.chars().any(char::is_control) {
        return Err(Error::new(
            Kind::Invalid,
            format!("the session id is empty, longer than {ID_LIMIT} bytes, or holds control characters"),
        ));
    }
    let prefix = prefix(settings, name);
    let value = match settings.format {
        Format::Sealed => seal::key(id, prefix)?,
        Format::AwsSdk => format!("{prefix}_{id}").trim_matches('_').to_owned(),
    };
    if value.is_empty() || value.len() > KEY_LIMIT {
        return Err(Error::new(Kind::Invalid, "session name and id together make no key: nothing is left, or it is too long"));
    }
    Ok(Key { table: settings.table.clone(), attribute: settings.hash_key.clone(), value })
}

/// Reads an item. `None`: it holds no session (no expiry, as the AWS SDK sees it).
///
/// # Errors
/// [`Kind::Corrupt`] when sealed data fails its check, or the attributes have other types than either layout gives them.
pub fn decode(settings: &Settings, name: &str, id: &str, item: &Item) -> Result<Option<Stored>, Error> {
    let expires = match item.get(&settings.expires_attribute) {
        Some(Attribute::N(expires)) => *expires,
        None => return Ok(None),
        Some(_) => return Err(wrong_type(&settings.expires_attribute, "a whole number")),
    };
    if settings.format == Format::Sealed && matches!(item.get(FMT), Some(Attribute::S(fmt)) if fmt == GONE) {
        return Ok(None);
    }
    if settings.format == Format::Sealed && !item.contains_key(FMT) && !item.contains_key(&settings.data_attribute) {
        // Nothing but a lock.
        return Ok(None);
    }
    let data = match (settings.format, item.get(&settings.data_attribute)) {
        (Format::Sealed, Some(Attribute::B(sealed))) => seal::open(id, prefix(settings, name), sealed)?,
        (Format::AwsSdk, Some(Attribute::B(bytes))) => bytes.clone(),
        (Format::AwsSdk, Some(Attribute::S(text))) => text.clone().into_bytes(),
        (Format::AwsSdk, None) => Vec::new(),
        (Format::Sealed, _) => return Err(wrong_type(&settings.data_attribute, "sealed bytes")),
        (Format::AwsSdk, Some(_)) => return Err(wrong_type(&settings.data_attribute, "text or bytes")),
    };
    Ok(Some(Stored { data, expires }))
}

/// Whether the item has not expired. One without an expiry, or with one of a wrong type, is left to [`decode`].
#[must_use]
pub fn is_alive(settings: &Settings, item: &Item, now_ms: i64) -> bool {
    !matches!(item.get(&settings.expires_attribute), Some(Attribute::N(expires)) if *expires <= now_ms / 1000)
}

fn wrong_type(attribute: &str, wanted: &str) -> Error {
    Error::new(Kind::Corrupt, format!("the stored item's attribute {attribute} does not hold {wanted}"))
}

/// What stores `data`: one item or, sealed, as many as it takes.
///
/// # Errors
/// [`Kind::TooLarge`] when there is more than is allowed, or than the layout can hold.
pub fn encode(settings: &Settings, name: &str, id: &str, data: &[u8], expires: i64) -> Result<Writing, Error> {
    let too_large = |packed: &str, limit: String| {
        let kept = "the session stored before is kept";
        Err(Error::new(Kind::TooLarge, format!("the session has {} bytes{packed}; {limit}; {kept}", data.len())))
    };
    if data.len() > settings.max_bytes {
        return too_large("", format!("at most {} are allowed (wp_dynamodb.session_max_bytes)", settings.max_bytes));
    }
    let mut changes = BTreeMap::from([(settings.expires_attribute.clone(), Change::Set(Attribute::N(expires)))]);
    let value = match settings.format {
        Format::Sealed => {
            changes.insert(FMT.into(), Change::Set(Attribute::S("sealed".into())));
            Change::Set(Attribute::B(seal::seal(id, prefix(settings, name), data)?))
        }
        Format::AwsSdk => {
            changes.insert("lock".into(), Change::Remove);
            match std::str::from_utf8(data) {
                Ok("") => Change::Remove,
                Ok(text) => Change::Set(Attribute::S(text.to_owned())),
                Err(_) => Change::Set(Attribute::B(data.to_vec())),
            }
        }
    };
    let stored = match &value {
        Change::Set(Attribute::B(bytes)) => bytes.len(),
        Change::Set(Attribute::S(text)) => text.len(),
        _ => 0,
    };
    changes.insert(settings.data_attribute.clone(), value);
    // Key value, numbers and what is stamped later are counted at their most.
    let names = changes.keys().map(String::as_str).chain(OWN_ATTRIBUTES);
    let around = settings.hash_key.len() + ID_LIMIT * 2 + names.map(|n| n.len() + 32).sum::<usize>();
    if stored + around <= ITEM_LIMIT {
        return Ok(Update { changes, ..Update::default() }.into());
    }
    match changes.insert(settings.data_attribute.clone(), Change::Remove) {
        Some(Change::Set(Attribute::B(sealed))) if settings.format == Format::Sealed => {
            let (pointer, parts) = parts::split(settings, &key(settings, name, id)?, &sealed, expires)?;
            changes.insert(FMT.into(), Change::Set(Attribute::S(parts::IN_PARTS.into())));
            changes.insert(parts::PARTS.into(), pointer);
            Ok(Writing { update: Update { changes, ..Update::default() }, parts, ..Writing::default() })
        }
        _ => too_large(
            "",
            format!("an item of DynamoDB holds at most {} of them, and session_format aws-sdk knows no more than one", ITEM_LIMIT - around),
        ),
    }
}

/// The update that only moves the expiry (seconds since 1970) of an item that is there.
#[must_use]
pub fn touch(settings: &Settings, expires: i64) -> Update {
    let changes = BTreeMap::from([(settings.expires_attribute.clone(), Change::Set(Attribute::N(expires)))]);
    Update { changes, must_exist: true, ..Update::default() }
}

/// How long what a destroyed session leaves must stay, in seconds: an outage's backlog may take hours to be replicated.
const GONE_FOR: i64 = 86_400;

/// The update that takes the session away and leaves an item without data: a deletion that older copies cannot undo. `now`: seconds since
/// 1970; TTL removes the item some time after. (In the layout of the AWS SDK only its being expired tells that it is one.)
#[must_use]
pub fn gone(settings: &Settings, now: i64) -> Update {
    let expires = if settings.format == Format::Sealed { now.saturating_add(GONE_FOR) } else { now };
    let mut changes = BTreeMap::from([
        (settings.expires_attribute.clone(), Change::Set(Attribute::N(expires))),
        (settings.data_attribute.clone(), Change::Remove),
    ]);
    if settings.format == Format::Sealed {
        changes.insert(FMT.into(), Change::Set(Attribute::S(GONE.into())));
        changes.extend([LOCK, LOCK_UNTIL].map(|name| (name.to_owned(), Change::Remove)));
    }
    Update { changes, ..Update::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "abc123";

    fn aws_sdk() -> Settings {
        Settings { format: Format::AwsSdk, hash_key: "id".into(), ..Settings::default() }
    }

    const EXPIRES: i64 = 1_700_001_440;

    #[test]
    fn the_sdk_layout_has_exactly_its_attributes() {
        let update = encode(&aws_sdk(), "PHPSESSID", ID, b"a|i:1;", EXPIRES).expect("encoded").update;
        let set: Vec<_> = update.changes.iter().filter(|(_, c)| matches!(c, Change::Set(_))).map(|(n, _)| n.as_str()).collect();
        assert_eq!(set, ["data", "expires"]);
        assert_eq!(update.changes["data"], Change::Set(Attribute::S("a|i:1;".into())));
        assert_eq!(update.changes["lock"], Change::Remove);
        assert_eq!(key(&aws_sdk(), "PHPSESSID", ID).expect("a key").value, "PHPSESSID_abc123");
    }

    #[test]
    fn the_sdk_layout_reads_text_bytes_and_nothing() {
        for (attribute, data) in
            [(Some(Attribute::S("x".into())), b"x".to_vec()), (Some(Attribute::B(vec![0, 255])), vec![0, 255]), (None, vec![])]
        {
            let mut item = Item::from([("expires".to_owned(), Attribute::N(5))]);
            item.extend(attribute.map(|a| ("data".to_owned(), a)));
            assert_eq!(decode(&aws_sdk(), "P", ID, &item).expect("decoded"), Some(Stored { data, expires: 5 }));
        }
    }

    #[test]
    fn the_layouts_do_not_meet() {
        let keys = [&Settings::default(), &aws_sdk()].map(|s| key(s, "PHPSESSID", ID).expect("a key").value);
        assert_ne!(keys[0], keys[1]);
    }

    #[test]
    fn data_that_is_no_text_goes_as_bytes() {
        let update = encode(&aws_sdk(), "P", ID, &[0xff, 0], EXPIRES).expect("encoded").update;
        assert_eq!(update.changes["data"], Change::Set(Attribute::B(vec![0xff, 0])));
    }

    #[test]
    fn the_sealed_layout_shows_neither_id_nor_data() {
        let settings = Settings::default();
        let update = encode(&settings, "P", ID, b"secret|i:1;", EXPIRES).expect("encoded").update;
        let shown = format!("{:?}{update:?}", key(&settings, "P", ID).expect("a key"));
        assert!(!shown.contains(ID) && !shown.contains("secret"), "{shown}");
        let names: Vec<_> = update.changes.keys().map(String::as_str).collect();
        assert_eq!(names, ["data", "expires", "fmt"]);
    }

    #[test]
    fn what_does_not_fit_is_refused_with_its_size() {
        let noise = noise(500_000);
        let small = Settings { max_bytes: 499_999, ..Settings::default() };
        let error = encode(&small, "P", ID, &noise, EXPIRES).unwrap_err();
        assert_eq!(error.kind, Kind::TooLarge);
        assert!(
            error.cause.contains("500000 bytes") && error.cause.contains("at most 499999") && error.cause.contains("session_max_bytes"),
            "{}",
            error.cause
        );
        let error = encode(&aws_sdk(), "P", ID, &b"x".repeat(410_000), EXPIRES).unwrap_err();
        assert!(error.cause.contains("410000 bytes") && error.cause.contains("at most 40"), "{}", error.cause);
    }

    #[test]
    fn what_does_not_fit_into_one_item_goes_into_several() {
        let whole = encode(&Settings::default(), "P", ID, &noise(1_000_000), EXPIRES).expect("encoded");
        assert_eq!(whole.parts.len(), 3);
        assert_eq!(whole.update.changes["data"], Change::Remove);
        let one = encode(&Settings::default(), "P", ID, &b"x".repeat(5_000_000), EXPIRES).expect("it packs well");
        assert!(one.parts.is_empty());
    }

    fn noise(bytes: usize) -> Vec<u8> {
        let mut noise = vec![0; bytes];
        aws_lc_rs::rand::fill(&mut noise).expect("noise");
        noise
    }

    #[test]
    fn ids_that_cannot_be_are_refused() {
        for bad in ["", "a\nb", &"x".repeat(257)] {
            assert_eq!(key(&Settings::default(), "P", bad).unwrap_err().kind, Kind::Invalid);
        }
    }

    #[test]
    fn what_is_gone_holds_no_session_and_no_data() {
        for settings in [Settings::default(), aws_sdk()] {
            let update = gone(&settings, 5);
            assert_eq!(update.changes[&settings.data_attribute], Change::Remove);
            let kept = update.changes.into_iter().filter_map(|(name, change)| match change {
                Change::Set(value) => Some((name, value)),
                _ => None,
            });
            let item: Item = kept.collect();
            let read = decode(&settings, "P", ID, &item).expect("decoded");
            assert!(read.is_none_or(|stored| stored.expires == 5 && stored.data.is_empty()), "expired at once");
        }
    }

    #[test]
    fn an_item_that_is_only_locked_holds_no_session() {
        let item = Item::from([("expires".into(), Attribute::N(5)), ("lock".into(), Attribute::S("x".into()))]);
        assert_eq!(decode(&Settings::default(), "P", ID, &item).expect("decoded"), None);
    }

    #[test]
    fn wrong_types_are_corrupt_not_empty() {
        let settings = Settings::default();
        let item = Item::from([("expires".into(), Attribute::N(5)), ("data".into(), Attribute::S("x".into()))]);
        assert_eq!(decode(&settings, "P", ID, &item).unwrap_err().kind, Kind::Corrupt);
        let item = Item::from([("expires".into(), Attribute::S("5".into()))]);
        assert_eq!(decode(&settings, "P", ID, &item).unwrap_err().kind, Kind::Corrupt);
        assert_eq!(decode(&settings, "P", ID, &Item::new()).expect("decoded"), None);
    }
}
