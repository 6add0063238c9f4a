//! Item keys: which items a write touches.

use std::fmt;

use serde_json::{Map, Value, json};

/// An item as DynamoDB JSON: attribute name → typed value.
pub type Item = Map<String, Value>;

/// The key attributes of a table, all of them strings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keys {
    /// The hash key.
    pub hash: String,
    /// The range key, when the table has one.
    pub range: Option<String>,
}

/// One item of one table, by the values of its keys.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ItemKey {
    /// The table.
    pub table: String,
    /// The hash key's value.
    pub id: String,
    /// The range key's value, when the table has one.
    pub range: Option<String>,
}

impl ItemKey {
    /// As DynamoDB JSON.
    pub fn json(&self, keys: &Keys) -> Value {
        let mut json = Map::new();
        json.insert(keys.hash.clone(), json!({"S": self.id}));
        if let (Some(name), Some(value)) = (&keys.range, &self.range) {
            json.insert(name.clone(), json!({"S": value}));
        }
        Value::Object(json)
    }
}

impl fmt::Display for ItemKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.table, self.id)
    }
}

/// A table name, also from an ARN.
pub fn table_name(text: &str) -> &str {
    match text.strip_prefix("arn:") {
        Some(arn) => arn.rsplit('/').next().unwrap_or(arn),
        None => text,
    }
}

/// The items which a write operation touches when it succeeds; `keys_of` names the keys of a replicated table, and none for any
/// other table.
pub fn touched<'a>(operation: &str, body: &Value, keys_of: impl Fn(&str) -> Option<&'a Keys>) -> Vec<ItemKey> {
    let mut keys = Vec::new();
    let mut add = |table: Option<&str>, attributes: Option<&Value>| {
        let Some(table) = table.map(table_name) else {
            return;
        };
        let Some(names) = keys_of(table) else {
            return;
        };
        let value = |name: &str| attributes.and_then(|a| a[name]["S"].as_str()).map(str::to_owned);
        if let Some(id) = value(&names.hash) {
            keys.push(ItemKey { table: table.to_owned(), id, range: names.range.as_deref().and_then(value) });
        }
    };
    match operation {
        "PutItem" => add(body["TableName"].as_str(), body.get("Item")),
        "UpdateItem" | "DeleteItem" => add(body["TableName"].as_str(), body.get("Key")),
        "BatchWriteItem" => {
            for (table, requests) in body["RequestItems"].as_object().into_iter().flatten() {
                for request in requests.as_array().into_iter().flatten() {
                    add(Some(table), request["PutRequest"].get("Item"));
                    add(Some(table), request["DeleteRequest"].get("Key"));
                }
            }
        }
        "TransactWriteItems" => {
            for action in body["TransactItems"].as_array().into_iter().flatten() {
                let put = &action["Put"];
                add(put["TableName"].as_str(), put.get("Item"));
                for name in ["Update", "Delete"] {
                    let action = &action[name];
                    add(action["TableName"].as_str(), action.get("Key"));
                }
            }
        }
        _ => {}
    }
    keys.sort();
    keys.dedup();
    keys
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(operation: &str, body: Value) -> Vec<String> {
        let t = Keys { hash: "id".into(), range: None };
        let keys = touched(operation, &body, |table| (table == "t").then_some(&t));
        keys.into_iter().map(|key| key.id).collect()
    }

    #[test]
    fn every_write_operation_names_its_items() {
        let a = json!({"id": {"S": "a"}});
        let b = json!({"id": {"S": "b"}, "x": {"N": "1"}});
        assert_eq!(ids("PutItem", json!({"TableName": "t", "Item": b})), ["b"]);
        assert_eq!(ids("UpdateItem", json!({"TableName": "t", "Key": a})), ["a"]);
        let arn = "arn:aws:dynamodb:us-east-1:1:table/t";
        assert_eq!(ids("DeleteItem", json!({"TableName": arn, "Key": a})), ["a"]);
        let batch = json!({"RequestItems": {"t": [{"PutRequest": {"Item": b}}, {"DeleteRequest": {"Key": a}}]}});
        assert_eq!(ids("BatchWriteItem", batch), ["a", "b"]);
        let transaction = json!({"TransactItems": [
            {"Put": {"TableName": "t", "Item": b}},
            {"Update": {"TableName": "t", "Key": a}},
            {"Delete": {"TableName": "t", "Key": {"id": {"S": "c"}}}},
            {"ConditionCheck": {"TableName": "t", "Key": {"id": {"S": "d"}}}},
        ]});
        assert_eq!(ids("TransactWriteItems", transaction), ["a", "b", "c"]);
    }

    #[test]
    fn a_range_key_is_a_part_of_the_key() {
        let t = Keys { hash: "id".into(), range: Some("at".into()) };
        let key = json!({"id": {"S": "a"}, "at": {"S": "1"}});
        let touched = touched("DeleteItem", &json!({"TableName": "t", "Key": key}), |_| Some(&t));
        assert_eq!(touched.len(), 1);
        assert_eq!(touched[0].json(&t), key);
    }

    #[test]
    fn reads_and_other_tables_touch_nothing() {
        let key = json!({"id": {"S": "a"}});
        assert!(ids("GetItem", json!({"TableName": "t", "Key": key})).is_empty());
        assert!(ids("PutItem", json!({"TableName": "other", "Item": key})).is_empty());
        assert!(ids("PutItem", json!({"Item": key})).is_empty());
    }
}
