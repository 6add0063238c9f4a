//! The tables as they should be: for `doctor`, which looks, and for `table create`, which makes them.

use aws_sdk_dynamodb::types::{KeyType, TableDescription};

/// The expiry attribute of tables that have no setting for it.
const EXPIRES: &str = "expires";

/// A table as it should be. Its keys are of type S.
#[derive(Debug, Clone)]
pub(crate) struct Wanted<'a> {
    /// What it is, for people.
    pub title: &'static str,
    /// Its name.
    pub name: String,
    /// The hash key.
    pub hash: &'a str,
    /// The range key.
    pub range: Option<&'a str>,
    /// The TTL attribute.
    pub ttl: &'a str,
    /// Whether its items are worth a backup: sessions live for a day, the audit trail for a year.
    pub backups: bool,
    /// Whether DynamoDB shall refuse to delete it.
    pub protection: bool,
    /// The flag that names the table.
    pub name_flag: &'static str,
    /// Flags that `table create` needs to make this one.
    pub flags: String,
}

impl<'a> Wanted<'a> {
    pub(crate) fn sessions(name: &str, hash: &'a str, ttl: &'a str) -> Self {
        let mut flags = String::new();
        for (flag, value, default) in
            [("--table", name, "wordpress_sessions"), ("--hash-key", hash, "session_id"), ("--expires", ttl, EXPIRES)]
        {
            if value != default {
                flags.push_str(&format!(" {flag} {value}"));
            }
        }
        Wanted {
            title: "session table",
            name: name.to_owned(),
            hash,
            range: None,
            ttl,
            backups: false,
            protection: true,
            name_flag: "--table",
            flags,
        }
    }

    pub(crate) fn control(name: &str) -> Self {
        let flags = if name == "wordpress_failover" { String::new() } else { format!(" --control-table {name}") };
        Wanted {
            title: "control table",
            name: name.to_owned(),
            hash: "pk",
            range: Some("sk"),
            ttl: EXPIRES,
            backups: true,
            protection: true,
            name_flag: "--control-table",
            flags,
        }
    }

    /// The WordPress plugin's table of login sessions.
    pub(crate) fn logins(name: &str) -> Self {
        Wanted {
            title: "login table",
            name: name.to_owned(),
            hash: "user",
            range: Some("item"),
            ttl: EXPIRES,
            backups: false,
            protection: true,
            name_flag: "--logins",
            flags: format!(" --logins={name}"),
        }
    }

    /// Its keys: name, type and role, the hash key first.
    pub(crate) fn keys(&self) -> Vec<(String, String, String)> {
        let key = |name: &str, role: KeyType| (name.to_owned(), "S".to_owned(), role.as_str().to_owned());
        std::iter::once(key(self.hash, KeyType::Hash)).chain(self.range.map(|range| key(range, KeyType::Range))).collect()
    }
}

/// The keys of a table that is there, likewise.
pub(crate) fn key_of(table: &TableDescription) -> Vec<(String, String, String)> {
    let kind = |name: &str| {
        let definition = table.attribute_definitions().iter().find(|d| d.attribute_name() == name);
        definition.map(|d| d.attribute_type().as_str().to_owned()).unwrap_or_default()
    };
    let mut keys: Vec<_> = table
        .key_schema()
        .iter()
        .map(|k| (k.attribute_name().to_owned(), kind(k.attribute_name()), k.key_type().as_str().to_owned()))
        .collect();
    keys.sort_by_key(|(_, _, role)| role != KeyType::Hash.as_str());
    keys
}

/// Keys in words: `session_id (S)` or `pk (S), sk (S)`.
pub(crate) fn keys_in_words(keys: &[(String, String, String)]) -> String {
    let words = keys.iter().map(|(name, kind, role)| format!("{} key \"{name}\" ({kind})", role.to_lowercase()));
    words.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_dynamodb::types::{AttributeDefinition, KeySchemaElement, ScalarAttributeType};

    fn table(keys: &[(&str, ScalarAttributeType, KeyType)]) -> TableDescription {
        let mut table = TableDescription::builder();
        for (name, kind, role) in keys {
            let definition = AttributeDefinition::builder().attribute_name(*name).attribute_type(kind.clone());
            let key = KeySchemaElement::builder().attribute_name(*name).key_type(role.clone());
            table = table.attribute_definitions(definition.build().expect("whole")).key_schema(key.build().expect("whole"));
        }
        table.build()
    }

    #[test]
    fn name_type_and_role_must_be_right() {
        let wanted = Wanted::control("c").keys();
        let text = ScalarAttributeType::S;
        assert_eq!(key_of(&table(&[("sk", text.clone(), KeyType::Range), ("pk", text.clone(), KeyType::Hash)])), wanted);
        assert_ne!(key_of(&table(&[("pk", text.clone(), KeyType::Hash)])), wanted);
        assert_ne!(key_of(&table(&[("pk", ScalarAttributeType::N, KeyType::Hash), ("sk", text.clone(), KeyType::Range)])), wanted);
        let sessions = Wanted::sessions("s", "session_id", "expires").keys();
        assert_ne!(key_of(&table(&[("id", text, KeyType::Hash)])), sessions);
    }
}
