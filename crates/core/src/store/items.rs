//! Items of any table, for the plugin's login sessions: one or two key attributes, conditions, queries by partition.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::error::{Error, Kind};
use crate::region::Region;
use crate::store::{Attribute, Change, Item, Reply};

/// The most bytes of a partition key's value, as DynamoDB has it.
const PARTITION_BYTES: usize = 2048;
/// The most bytes of a sort key's value.
const SORT_BYTES: usize = 1024;

/// Where an item is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Place {
    /// The table.
    pub table: String,
    /// Name and value of the partition key: a text or a number.
    pub partition: (String, Attribute),
    /// Name and value of the sort key, when the table has one.
    pub sort: Option<(String, Attribute)>,
}

impl Place {
    /// Of a table and its one or two key attributes, the partition key first.
    ///
    /// # Errors
    /// [`Kind::Invalid`], in words.
    pub fn new(table: &str, keys: Vec<(String, Attribute)>) -> Result<Self, Error> {
        let invalid = |why: String| Error::new(Kind::Invalid, why);
        let good = |c: char| c.is_ascii_alphanumeric() || ".-_".contains(c);
        if !(3..=255).contains(&table.len()) || !table.chars().all(good) {
            return Err(invalid("the table's name must have 3 to 255 letters, digits and . - _".into()));
        }
        let mut keys = keys.into_iter();
        let (Some(partition), sort, None) = (keys.next(), keys.next(), keys.next()) else {
            return Err(invalid("the key must have one or two attributes, the partition key first".into()));
        };
        for ((name, value), most) in
            [(Some(&partition), PARTITION_BYTES), (sort.as_ref(), SORT_BYTES)].into_iter().filter_map(|(k, m)| Some((k?, m)))
        {
            attribute_name(name)?;
            match value {
                Attribute::S(text) if text.is_empty() => return Err(invalid(format!("key attribute {name} is empty"))),
                Attribute::S(text) if text.len() > most => return Err(invalid(format!("key attribute {name} has more than {most} bytes"))),
                Attribute::S(_) | Attribute::N(_) => {}
                _ => return Err(invalid(format!("key attribute {name} is neither a text nor a whole number"))),
            }
        }
        Ok(Place { table: table.to_owned(), partition, sort })
    }

    /// Its key attributes.
    pub fn keys(&self) -> impl Iterator<Item = &(String, Attribute)> {
        std::iter::once(&self.partition).chain(&self.sort)
    }
}

/// Checks the name of an attribute.
///
/// # Errors
/// [`Kind::Invalid`], in words.
pub fn attribute_name(name: &str) -> Result<(), Error> {
    if (1..=255).contains(&name.len()) { Ok(()) } else { Err(Error::new(Kind::Invalid, "an attribute's name must have 1 to 255 bytes")) }
}

/// What must hold for a write.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Condition {
    /// Nothing.
    #[default]
    None,
    /// There is no such item.
    Absent,
    /// There is one.
    Present,
    /// There is one, and these attributes have these values.
    Equals(Item),
}

/// Items of one partition, in the order of their sort keys.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Query {
    /// The table.
    pub table: String,
    /// Name and value of the partition key.
    pub partition: (String, Attribute),
    /// Name of the sort key, and what it begins with; empty: all.
    pub sort: (String, String),
    /// At most so many items that have not expired.
    pub limit: usize,
    /// Strongly consistent within the Region.
    pub consistent: bool,
}

impl Query {
    /// Of a table and its two key attributes; of the sort key's value only the beginning.
    ///
    /// # Errors
    /// [`Kind::Invalid`], in words.
    pub fn new(table: &str, mut keys: Vec<(String, Attribute)>, limit: usize, consistent: bool) -> Result<Self, Error> {
        let (Some((name, Attribute::S(begins))), 1) = (keys.pop(), keys.len()) else {
            let why = "the key must have two attributes: the partition key, and what the sort key (a text) begins with, empty for all";
            return Err(Error::new(Kind::Invalid, why));
        };
        attribute_name(&name)?;
        let place = Place::new(table, keys)?;
        Ok(Query { table: place.table, partition: place.partition, sort: (name, begins), limit: limit.max(1), consistent })
    }
}

/// Whether an item has not expired.
pub type Lives<'a> = dyn Fn(&Item) -> bool + Send + Sync + 'a;

/// Items of any table in Regions.
pub trait Items: Send + Sync {
    /// Reads an item; `None` when there is none.
    fn get_item<'a>(&'a self, region: &'a Region, place: &'a Place, consistent: bool) -> Reply<'a, Option<Item>>;
    /// Stores a whole item in the place of the one that was there.
    fn put_item<'a>(&'a self, region: &'a Region, place: &'a Place, item: Item, condition: &'a Condition) -> Reply<'a, ()>;
    /// Changes an item, or makes it; what it is then.
    fn update_item<'a>(
        &'a self,
        region: &'a Region,
        place: &'a Place,
        changes: BTreeMap<String, Change>,
        condition: &'a Condition,
    ) -> Reply<'a, Item>;
    /// Deletes an item.
    fn delete_item<'a>(&'a self, region: &'a Region, place: &'a Place, condition: &'a Condition) -> Reply<'a, ()>;
    /// Reads items of a partition, page by page until there are `limit` that live. Those that do not are among them: another Region may
    /// have an older copy.
    fn query<'a>(&'a self, region: &'a Region, query: &'a Query, lives: &'a Lives<'a>) -> Reply<'a, Vec<Item>>;
}

/// An expression with the names and values that stand in it. Names always through placeholders: hundreds of words are reserved.
#[derive(Debug, Default)]
pub struct Expression {
    /// `#n0` and what it stands for.
    pub names: Vec<(String, String)>,
    /// `:v0` and what it stands for.
    pub values: Vec<(String, Attribute)>,
}

impl Expression {
    fn name(&mut self, name: &str) -> String {
        let placeholder = format!("#n{}", self.names.len());
        self.names.push((placeholder.clone(), name.to_owned()));
        placeholder
    }

    fn value(&mut self, value: &Attribute) -> String {
        let placeholder = format!(":v{}", self.values.len());
        self.values.push((placeholder.clone(), value.clone()));
        placeholder
    }

    /// The condition as DynamoDB writes it.
    pub fn condition(&mut self, place: &Place, condition: &Condition) -> Option<String> {
        match condition {
            Condition::None => None,
            Condition::Absent => Some(format!("attribute_not_exists({})", self.name(&place.partition.0))),
            Condition::Present => Some(format!("attribute_exists({})", self.name(&place.partition.0))),
            Condition::Equals(item) => {
                let mut text = format!("attribute_exists({})", self.name(&place.partition.0));
                for (name, value) in item {
                    let (name, value) = (self.name(name), self.value(value));
                    let _ = write!(text, " AND {name} = {value}");
                }
                Some(text)
            }
        }
    }

    /// The changes as DynamoDB writes them.
    pub fn changes(&mut self, changes: &BTreeMap<String, Change>) -> String {
        let (mut set, mut add, mut remove) = (Vec::new(), Vec::new(), Vec::new());
        for (name, change) in changes {
            let name = self.name(name);
            match change {
                Change::Set(value) => set.push(format!("{name} = {}", self.value(value))),
                Change::Add(n) => add.push(format!("{name} {}", self.value(&Attribute::N(*n)))),
                Change::Remove => remove.push(name),
            }
        }
        let clauses = [("SET", set), ("ADD", add), ("REMOVE", remove)].into_iter().filter(|(_, parts)| !parts.is_empty());
        clauses.map(|(verb, parts)| format!("{verb} {}", parts.join(", "))).collect::<Vec<_>>().join(" ")
    }

    /// The partition of a query, and what its sort keys begin with.
    pub fn partition(&mut self, query: &Query) -> String {
        let (name, value) = (self.name(&query.partition.0), self.value(&query.partition.1));
        let mut text = format!("{name} = {value}");
        if !query.sort.1.is_empty() {
            let (name, begins) = (self.name(&query.sort.0), self.value(&Attribute::S(query.sort.1.clone())));
            let _ = write!(text, " AND begins_with({name}, {begins})");
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Attribute {
        Attribute::S(text.into())
    }

    #[test]
    fn a_key_has_one_or_two_good_attributes() {
        let one = |table: &str, keys: &[(&str, Attribute)]| {
            Place::new(table, keys.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()).map_err(|e| e.cause)
        };
        assert!(one("logins", &[("user", text("7"))]).is_ok() && one("logins", &[("user", Attribute::N(7)), ("sk", text("a"))]).is_ok());
        for (table, keys) in [
            ("ab", vec![("user", text("7"))]),
            ("a table", vec![("user", text("7"))]),
            ("logins", vec![]),
            ("logins", vec![("a", text("1")), ("b", text("2")), ("c", text("3"))]),
            ("logins", vec![("user", text(""))]),
            ("logins", vec![("user", text(&"x".repeat(2049)))]),
            ("logins", vec![("user", text("7")), ("sk", text(&"x".repeat(1025)))]),
            ("logins", vec![("user", Attribute::B(vec![1]))]),
            ("logins", vec![("", text("7"))]),
        ] {
            let error = one(table, &keys).expect_err(table);
            assert!(!error.contains("xxx"), "no values in messages");
        }
    }

    #[test]
    fn expressions_name_everything_through_placeholders() {
        let place = Place::new("logins", vec![("user".into(), text("7")), ("size".into(), text("s#"))]).expect("a place");
        for (begins, wanted) in [("s#", "#n0 = :v0 AND begins_with(#n1, :v1)"), ("", "#n0 = :v0")] {
            let query = Query::new("logins", vec![("user".into(), text("7")), ("size".into(), text(begins))], 10, false).expect("a query");
            assert_eq!(Expression::default().partition(&query), wanted);
        }
        assert!(Query::new("logins", vec![("user".into(), text("7"))], 10, false).is_err());
        let mut update = Expression::default();
        let changes =
            BTreeMap::from([("a".to_owned(), Change::Set(text("1"))), ("b".to_owned(), Change::Add(2)), ("c".to_owned(), Change::Remove)]);
        assert_eq!(update.changes(&changes), "SET #n0 = :v0 ADD #n1 :v1 REMOVE #n2");
        let equals = Condition::Equals(Item::from([("rev".to_owned(), Attribute::N(3))]));
        assert_eq!(update.condition(&place, &equals).as_deref(), Some("attribute_exists(#n3) AND #n4 = :v2"));
        assert_eq!(update.names.len(), 5);
    }
}
