//! The lab's control interface, as a drill uses it.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::http::Http;

/// The lab answers at once; waiting for replication may take as long as the lag.
const TIMEOUT: Duration = Duration::from_secs(20);

/// Replication lag of a whole lab, in milliseconds.
pub const LAG_MS: u64 = 50;

/// A lab.
#[derive(Debug, Clone)]
pub struct Lab {
    http: Http,
    url: String,
    /// Its Regions, the first one active.
    pub regions: Vec<String>,
}

/// Calls by Region, by service.
pub type Totals = BTreeMap<String, BTreeMap<String, u64>>;

impl Lab {
    /// The lab behind a control interface.
    pub fn new(http: Http, url: &str, regions: Vec<String>) -> Self {
        Lab { http, url: url.to_owned(), regions }
    }

    async fn post(&self, path: &str, body: &Value) -> Result<Value> {
        self.http.post(&format!("{}/{path}", self.url), body, TIMEOUT).await
    }

    /// Sets a fault, as `POST /fault` takes it.
    ///
    /// # Errors
    /// When the lab refuses it.
    pub async fn fault(&self, fault: &Value) -> Result<()> {
        self.post("fault", fault).await.map(drop)
    }

    /// Heals all faults.
    ///
    /// # Errors
    /// When the lab does not answer.
    pub async fn heal(&self) -> Result<()> {
        for region in &self.regions {
            self.fault(&json!({"region": region, "service": "all", "kind": "none"})).await?;
        }
        Ok(())
    }

    /// Writes the parameter: in some Regions, or wherever SSM answers.
    ///
    /// # Errors
    /// When no SSM takes it.
    pub async fn parameter(&self, value: &str, regions: Option<&[String]>) -> Result<()> {
        self.post("parameter", &json!({"value": value, "regions": regions})).await.map(drop)
    }

    /// Controls replication, as `POST /replication` takes it.
    ///
    /// # Errors
    /// When the lab refuses it.
    pub async fn replication(&self, set: &Value) -> Result<()> {
        self.post("replication", set).await.map(drop)
    }

    /// Calls since the lab's start, of faulted ones too.
    ///
    /// # Errors
    /// When the lab does not answer.
    pub async fn calls(&self) -> Result<Totals> {
        let counters = self.http.json(&format!("{}/counters", self.url), TIMEOUT).await?;
        let counters: BTreeMap<String, BTreeMap<String, BTreeMap<String, u64>>> = serde_json::from_value(counters)?;
        let sum = |operations: BTreeMap<String, u64>| operations.values().sum();
        Ok(counters
            .into_iter()
            .map(|(region, services)| (region, services.into_iter().map(|(service, operations)| (service, sum(operations))).collect()))
            .collect())
    }

    /// How many items the Regions' session tables do not agree on.
    ///
    /// # Errors
    /// When the lab does not answer.
    pub async fn differing_items(&self) -> Result<u64> {
        let mut first: Option<BTreeMap<String, Value>> = None;
        let mut differing = 0;
        for region in &self.regions {
            let items = self.items(region).await?;
            let Some(first) = &first else {
                first = Some(items);
                continue;
            };
            let here = items.iter().filter(|(key, item)| first.get(*key) != Some(*item)).count();
            let only_there = first.keys().filter(|key| !items.contains_key(*key)).count();
            differing += (here + only_there) as u64;
        }
        Ok(differing)
    }

    async fn items(&self, region: &str) -> Result<BTreeMap<String, Value>> {
        let answer = self.http.get(&format!("{}/dump/{region}", self.url), None, TIMEOUT).await?;
        let text = std::str::from_utf8(&answer.body)?;
        text.lines()
            .map(|line| {
                let item: Value = serde_json::from_str(line).with_context(|| format!("dump of {region}"))?;
                Ok((item["session_id"]["S"].to_string(), item))
            })
            .collect()
    }
}
