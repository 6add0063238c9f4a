//! One stored item of the AWS SDK's layout: what is to be written for it.

use wp_dynamodb_core::Region;
use wp_dynamodb_core::config::{Format, Settings as Core};
use wp_dynamodb_core::session::item;
use wp_dynamodb_core::store::copies::{FMT, Seen, WRITER, Write};
use wp_dynamodb_core::store::{Attribute, Change, Item, Key, LOCK, Update, Writing};

use crate::ctl::args::Import;
use crate::settings::Settings;

/// The `writer` of a copy: no Region. A host's first write puts its own in the place.
const IMPORT: &str = "import";

/// The layout that is read, and the one that is written.
#[derive(Debug)]
pub(super) struct Layouts {
    source: Core,
    target: Core,
    name: String,
}

/// A session to be written.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    /// Under this key.
    pub key: Key,
    /// What a host would write.
    pub writing: Writing,
    /// When it expires, in seconds since 1970.
    pub expires: i64,
}

/// What comes of an item.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// To be written.
    Write(Box<Wanted>),
    /// It has expired, or has no expiry, which is the same to the SDK.
    Expired,
    /// Not one of these sessions.
    Other,
    /// One of them, and it cannot be copied.
    Refused,
}

/// What must hold of the item that is there already.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Condition {
    /// As DynamoDB writes it.
    pub text: &'static str,
    /// Its names.
    pub names: Vec<(&'static str, String)>,
    /// Its values.
    pub values: Vec<(&'static str, Attribute)>,
}

impl Layouts {
    pub(super) fn new(settings: &Settings, flags: &Import, format: Format) -> Self {
        let source = Core {
            format: Format::AwsSdk,
            table: flags.from_table.clone(),
            hash_key: flags.from_hash_key.clone(),
            data_attribute: flags.from_data.clone(),
            expires_attribute: flags.from_expires.clone(),
            prefix: String::new(),
            ..Core::default()
        };
        let target = Core {
            format,
            table: settings.table.name.clone(),
            hash_key: settings.table.hash_key.clone(),
            data_attribute: flags.data.clone(),
            expires_attribute: settings.table.expires.clone(),
            prefix: flags.prefix.clone(),
            regions: settings.policy.regions.clone(),
            ..Core::default()
        };
        Layouts { source, target, name: flags.session_name.clone() }
    }

    /// `stored`: the value of the source's key. `item`: its attributes.
    pub(super) fn read(&self, stored: &str, item: &Item, now_ms: i64) -> Outcome {
        // Both layouts may lie in one table.
        let id = stored.strip_prefix(&self.name).and_then(|rest| rest.strip_prefix('_'));
        let Some(id) = id.filter(|_| !item.contains_key(FMT)) else { return Outcome::Other };
        if !item::is_alive(&self.source, item, now_ms) {
            return Outcome::Expired;
        }
        let stored = match item::decode(&self.source, &self.name, id, item) {
            Ok(Some(stored)) => stored,
            Ok(None) => return Outcome::Expired,
            Err(_) => return Outcome::Refused,
        };
        let key = item::key(&self.target, &self.name, id);
        let writing = item::encode(&self.target, &self.name, id, &stored.data, stored.expires);
        match (key, writing) {
            (Ok(key), Ok(writing)) => Outcome::Write(Box::new(Wanted { key, writing, expires: stored.expires })),
            _ => Outcome::Refused,
        }
    }

    /// The update with what every write of a host carries.
    pub(super) fn stamped(&self, update: &Update, to: &Region, now_ms: i64) -> Update {
        let region = self.target.regions.iter().position(|r| r == to).unwrap_or_default();
        let write = Write { writer: region, takes_over: false, leaves: false, now_ms };
        let mut update = Seen::default().stamp(update, region, write, &self.target);
        if let Some(writer) = update.changes.get_mut(WRITER) {
            *writer = Change::Set(Attribute::S(IMPORT.to_owned()));
        }
        update
    }

    /// Only in the place of nothing, or of an earlier copy that no host has written since. An expiry says nothing of age: the handlers'
    /// lifetimes may differ. The SDK's layout has no place for who wrote, so there nothing is replaced.
    pub(super) fn condition(&self, expires: i64) -> Condition {
        let key = ("#key", self.target.hash_key.clone());
        match self.target.format {
            Format::Sealed => Condition {
                text: "attribute_not_exists(#key) OR (#writer = :import AND #expires < :expires AND attribute_not_exists(#lock))",
                names: vec![
                    key,
                    ("#writer", WRITER.to_owned()),
                    ("#expires", self.target.expires_attribute.clone()),
                    ("#lock", LOCK.to_owned()),
                ],
                values: vec![(":import", Attribute::S(IMPORT.to_owned())), (":expires", Attribute::N(expires))],
            },
            Format::AwsSdk => Condition { text: "attribute_not_exists(#key)", names: vec![key], values: Vec::new() },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ctl::doctor::tests::settings;

    const NOW_MS: i64 = 1_700_000_000_000;
    const LATER: i64 = 1_700_001_000;

    fn flags() -> Import {
        Import {
            from_table: "sessions".into(),
            from_hash_key: "id".into(),
            from_data: "data".into(),
            from_expires: "expires".into(),
            from_region: None,
            to_region: None,
            session_name: "PHPSESSID".into(),
            format: "sealed".into(),
            data: "data".into(),
            prefix: String::new(),
            rate: 100,
            segments: 16,
            from_segment: 0,
            expires_after: 0,
            dry_run: false,
        }
    }

    fn stored(expires: i64) -> Item {
        Item::from([("data".into(), Attribute::S("a|i:1;".into())), ("expires".into(), Attribute::N(expires))])
    }

    #[test]
    fn a_sealed_copy_is_what_a_host_finds() {
        let layouts = Layouts::new(&settings(), &flags(), Format::Sealed);
        let Outcome::Write(wanted) = layouts.read("PHPSESSID_abc123", &stored(LATER), NOW_MS) else { panic!("not read") };
        let Wanted { key, writing, expires } = *wanted;
        let shown = format!("{key:?} {writing:?}");
        assert!(!shown.contains("abc123") && !shown.contains("a|i:1;"), "{shown}");
        // As a host would read it.
        let host = &layouts.target;
        assert_eq!(key, item::key(host, "PHPSESSID", "abc123").expect("a key"));
        let update = layouts.stamped(&writing.update, &host.regions[0].clone(), NOW_MS);
        let item: Item = update.changes.into_iter().filter_map(|(n, c)| if let Change::Set(v) = c { Some((n, v)) } else { None }).collect();
        let read = item::decode(host, "PHPSESSID", "abc123", &item).expect("opened").expect("a session");
        assert_eq!((read.data, read.expires, expires), (b"a|i:1;".to_vec(), LATER, LATER));
        assert_eq!(item["writer"], Attribute::S("import".into()), "no host has written it yet");
    }

    #[test]
    fn what_is_not_copied_is_told_apart() {
        let layouts = Layouts::new(&settings(), &flags(), Format::Sealed);
        let read = |key: &str, item: &Item| layouts.read(key, item, NOW_MS);
        assert_eq!(read("PHPSESSID_abc123", &stored(NOW_MS / 1000)), Outcome::Expired);
        assert_eq!(read("PHPSESSID_abc123", &Item::new()), Outcome::Expired);
        assert_eq!(read("OTHER_abc123", &stored(LATER)), Outcome::Other);
        assert_eq!(read("PHPSESSIDabc123", &stored(LATER)), Outcome::Other);
        assert_eq!(read("PHPSESSID_", &stored(LATER)), Outcome::Refused);
        let ours = Item::from([("fmt".into(), Attribute::S("sealed".into())), ("expires".into(), Attribute::N(LATER))]);
        assert_eq!(read("PHPSESSID_abc123", &ours), Outcome::Other);
        let strange = Item::from([("data".into(), Attribute::N(5)), ("expires".into(), Attribute::N(LATER))]);
        assert_eq!(read("PHPSESSID_abc123", &strange), Outcome::Refused);
    }

    #[test]
    fn a_session_without_data_is_one() {
        let layouts = Layouts::new(&settings(), &flags(), Format::AwsSdk);
        let item = Item::from([("expires".into(), Attribute::N(LATER))]);
        let Outcome::Write(wanted) = layouts.read("PHPSESSID_abc123", &item, NOW_MS) else { panic!("not read") };
        let Wanted { key, writing, .. } = *wanted;
        assert_eq!((key.value.as_str(), key.table.as_str()), ("PHPSESSID_abc123", "wordpress_sessions"));
        assert_eq!(writing.update.changes["data"], Change::Remove);
    }
}
