//! One Region: its database and who wrote each item last.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, RwLock};

use anyhow::{Context, Result};
use dynoxide::{Database, DynoxideError};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::dynamo;
use crate::item::{self, Item, ItemKey, Keys};
use crate::replication::{Copy, Replication};

/// The tables that all Regions share, with their keys.
pub type GlobalTables = Arc<RwLock<BTreeMap<String, Keys>>>;

/// One Region's DynamoDB.
pub struct Region {
    /// Its place in the lab's list.
    pub index: usize,
    /// Its name, as in `us-east-1`.
    pub name: String,
    /// The others' names.
    peers: Vec<String>,
    db: Database,
    tables: GlobalTables,
    /// The number of the last write to each item, deletes included. The lock is held over a write and its numbering,
    /// local or copied: otherwise a copy could slip in between and be overwritten with a lower number.
    last: Mutex<HashMap<ItemKey, u64>>,
    replication: Arc<Replication>,
}

impl std::fmt::Debug for Region {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Region").field("name", &self.name).finish()
    }
}

impl Region {
    /// An empty Region.
    pub fn new(index: usize, names: &[String], tables: GlobalTables, replication: Arc<Replication>) -> Result<Arc<Self>> {
        let name = names.get(index).context("no such Region")?.clone();
        let db = Database::memory().with_context(|| format!("cannot open the in-memory database of {name}"))?;
        let peers = names.iter().filter(|peer| **peer != name).cloned().collect();
        Ok(Arc::new(Region { index, name, peers, db, tables, last: Mutex::default(), replication }))
    }

    /// Creates a table with string keys and TTL; nothing to do when it is there.
    pub fn create_table(&self, table: &str, keys: &Keys, ttl: &str) -> Result<()> {
        let keys: Vec<(&str, &str)> =
            std::iter::once((keys.hash.as_str(), "HASH")).chain(keys.range.as_deref().map(|r| (r, "RANGE"))).collect();
        let create = json!({
            "TableName": table,
            "AttributeDefinitions": keys.iter().map(|(name, _)| json!({"AttributeName": name, "AttributeType": "S"})).collect::<Vec<_>>(),
            "KeySchema": keys.iter().map(|(name, kind)| json!({"AttributeName": name, "KeyType": kind})).collect::<Vec<_>>(),
            "BillingMode": "PAY_PER_REQUEST",
        });
        match dynamo::call(&self.db, "CreateTable", &create.to_string()) {
            Ok(_) => {}
            Err(DynoxideError::ResourceInUseException(_)) => return Ok(()),
            Err(error) => anyhow::bail!("cannot create table {table} in {}: {error}", self.name),
        }
        let ttl = json!({
            "TableName": table,
            "TimeToLiveSpecification": {"Enabled": true, "AttributeName": ttl},
        });
        self.ask("UpdateTimeToLive", &ttl)?;
        Ok(())
    }

    /// Carries out an operation as a client asks for it.
    pub fn call(&self, operation: &str, body: &str) -> Result<String, DynoxideError> {
        if dynamo::WRITES.contains(&operation) {
            return self.write(operation, body);
        }
        let answer = dynamo::call(&self.db, operation, body)?;
        Ok(if operation == "DescribeTable" { self.with_replicas(&answer) } else { answer })
    }

    /// A table's description as DynamoDB gives it for a global table.
    fn with_replicas(&self, answer: &str) -> String {
        let mut answer: Value = serde_json::from_str(answer).unwrap_or_default();
        let name = answer["Table"]["TableName"].as_str().unwrap_or_default();
        if self.tables.read().expect("tables").contains_key(name) {
            let replicas = self.peers.iter().map(|peer| json!({"RegionName": peer, "ReplicaStatus": "ACTIVE"}));
            answer["Table"]["Replicas"] = replicas.collect();
        }
        answer.to_string()
    }

    /// Carries out a write and sends the items it touched to the other Regions.
    ///
    /// The items are read back under the lock, so what is sent is what was written, whatever the operation was.
    fn write(&self, operation: &str, body: &str) -> Result<String, DynoxideError> {
        let mut last = self.last.lock().expect("writes");
        let done = dynamo::call(&self.db, operation, body)?;
        let body: Value = serde_json::from_str(body).unwrap_or_default();
        let tables = self.tables.read().expect("tables");
        for key in item::touched(operation, &body, |table| tables.get(table)) {
            let item = self
                .get(&key.table, &key.json(&tables[&key.table]))
                .map_err(|error| DynoxideError::InternalServerError(format!("{error:#}")))?;
            let number = self.replication.next_number();
            last.insert(key.clone(), number);
            let copy = Copy { key, item, number, written: Instant::now() };
            self.replication.send(self.index, &copy);
        }
        Ok(done)
    }

    /// Writes another Region's copy, unless this Region has a later write of that item. True: written.
    pub fn apply(&self, copy: &Copy) -> Result<bool> {
        let mut last = self.last.lock().expect("writes");
        if last.get(&copy.key).is_some_and(|&seen| seen >= copy.number) {
            return Ok(false);
        }
        let table = &copy.key.table;
        match &copy.item {
            Some(item) => self.ask("PutItem", &json!({"TableName": table, "Item": item}))?,
            None => {
                let tables = self.tables.read().expect("tables");
                let key = copy.key.json(tables.get(table).context("not a global table")?);
                self.ask("DeleteItem", &json!({"TableName": table, "Key": key}))?
            }
        };
        last.insert(copy.key.clone(), copy.number);
        Ok(true)
    }

    /// One item, read consistently.
    pub fn get(&self, table: &str, key: &Value) -> Result<Option<Item>> {
        let request = json!({"TableName": table, "Key": key, "ConsistentRead": true});
        match self.ask("GetItem", &request)?["Item"].take() {
            Value::Object(item) => Ok(Some(item)),
            _ => Ok(None),
        }
    }

    /// A write of the operator's; `local` keeps it from the other Regions.
    pub fn operate(&self, operation: &str, request: &Value, local: bool) -> Result<()> {
        if local {
            self.ask(operation, request)?;
        } else {
            self.write(operation, &request.to_string()).map_err(|error| anyhow::anyhow!("{operation} in {}: {error}", self.name))?;
        }
        Ok(())
    }

    /// All items of a table.
    pub fn dump(&self, table: &str) -> Result<Vec<Value>> {
        let mut items = Vec::new();
        let mut request = json!({"TableName": table, "ConsistentRead": true});
        loop {
            let mut page = self.ask("Scan", &request)?;
            if let Value::Array(found) = page["Items"].take() {
                items.extend(found);
            }
            match page["LastEvaluatedKey"].take() {
                Value::Null => return Ok(items),
                next => request["ExclusiveStartKey"] = next,
            }
        }
    }

    /// The number of items in a table; 0 when there is no such table.
    ///
    /// By the database's own count: a scan would hold calls up for as long as it takes, at every look at the status.
    pub fn count(&self, table: &str) -> Result<i64> {
        let stats = self.db.table_stats().with_context(|| format!("counting items in {}", self.name))?;
        Ok(stats.iter().find(|stats| stats.table_name == table).map_or(0, |stats| stats.item_count))
    }

    /// Deletes expired items, as DynamoDB does some day.
    ///
    /// Every Region sweeps for itself: an expired item is expired everywhere, and a later write that extends it has a higher
    /// number than what was swept, so it is copied as usual.
    pub fn sweep_ttl(&self) -> Result<usize> {
        self.db.sweep_ttl().with_context(|| format!("TTL sweep in {}", self.name))
    }

    fn ask(&self, operation: &str, request: &Value) -> Result<Value> {
        dynamo::ask(&self.db, operation, request).with_context(|| format!("in {}", self.name))
    }
}
