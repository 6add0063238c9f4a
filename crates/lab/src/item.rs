//! Item keys: which items a write touches.

use std::fmt;

use serde_json::{Map, Value};

/// An item as DynamoDB JSON: attribute name → typed value.
pub type Item = Map<String, Value>;

/// One item of one table, by the value of its hash key.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ItemKey {
    /// The table.
    pub table: String,
    /// The hash key's value (tables of the lab have string keys without a range key).
    pub id: String,
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

/// The items which a write operation touches when it succeeds; `hash_key` names the hash key of a replicated table,
/// and none for any other table.
pub fn touched<'a>(operation: &str, body: &Value, hash_key: impl Fn(&str) -> Option<&'a str>) -> Vec<ItemKey> {
    let mut keys = Vec::new();
    let mut add = |table: Option<&str>, attributes: Option<&Value>| {
        let Some(table) = table.map(table_name) else {
            return;
        };
        let Some(hash_key) = hash_key(table) else {
            return;
        };
        if let Some(id) = attributes.and_then(|a| a[hash_key]["S"].as_str()) {
            keys.push(ItemKey { table: table.to_owned(), id: id.to_owned() });
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
    use serde_json::json;

    fn ids(operation: &str, body: Value) -> Vec<String> {
        let hash_key = |table: &str| (table == "t").then_some("id");
        let keys = touched(operation, &body, hash_key);
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
    fn reads_and_other_tables_touch_nothing() {
        let key = json!({"id": {"S": "a"}});
        assert!(ids("GetItem", json!({"TableName": "t", "Key": key})).is_empty());
        assert!(ids("PutItem", json!({"TableName": "other", "Item": key})).is_empty());
        assert!(ids("PutItem", json!({"Item": key})).is_empty());
    }
}
