//! The control table: what the controller remembers, what people have set, and the audit trail.
//!
//! | `pk` | `sk` | holds |
//! |---|---|---|
//! | `memory` | the controller's Region | `version` N, `nonce` S, `body` S (JSON): written by that Region's controller only |
//! | `mode` | `mode` | `body` S |
//! | `rights` | the controller's Region | `body` S: what it may do, as it has tried; apart from its memory, whose version decisions hang on |
//! | `audit` | moment in ms, 13 digits, `#` Region `#` id `#` what | `body` S, `expires` N |
//!
//! It is a global table, so everybody's trail is read everywhere; what needs a condition is only ever written in one Region.

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use serde::Serialize;
use serde::de::DeserializeOwned;
use wp_dynamodb_core::aws::translate;
use wp_dynamodb_core::{Error, Kind, Region};

use crate::answer::Entry;
use crate::decide::policy::HOUR_MS;
use crate::memory::{Memory, Mode, Switched};
use crate::rights::Rights;
use crate::world::{Held, Kept};

/// How long the audit trail goes back.
const TRAIL_SECONDS: u64 = 400 * 86_400;
/// Entries of one page of the trail.
const PAGE: i32 = 1000;

/// The control table in one Region.
#[derive(Debug, Clone, Copy)]
pub struct Ledger<'a> {
    /// That Region's DynamoDB.
    pub client: &'a Client,
    /// The table's name.
    pub table: &'a str,
    /// The Region.
    pub home: &'a Region,
}

/// What of the audit trail could be read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Trail {
    /// Its entries, the newest first.
    pub entries: Vec<Entry>,
    /// Those that another version of this software may have written: why they cannot be understood.
    pub warnings: Vec<String>,
}

impl Ledger<'_> {
    /// All that a controller needs before it looks.
    ///
    /// # Errors
    /// What DynamoDB said, with table and Region; or that an item cannot be understood.
    pub async fn recall(&self, now_ms: u64) -> Result<Held, String> {
        let memory = async {
            let item = self.get("memory", self.home.as_str()).await?;
            let version = item.as_ref().and_then(|i| i.1).unwrap_or_default();
            let memory: Option<Memory> = item.map(|i| self.understand(&i.0, "memory")).transpose()?;
            Ok::<_, String>((memory.unwrap_or_default(), version))
        };
        let hour = now_ms.saturating_sub(HOUR_MS);
        let (memory, mode, trail) = futures_util::future::join3(memory, self.mode(), self.trail(hour, PAGE)).await;
        let (memory, version) = memory?;
        let elsewhere = |entry: Entry| match (entry.from, entry.to) {
            (Some(from), Some(to)) if entry.automatic && entry.what == "switched" && entry.home != self.home.as_str() => {
                Some(Switched { at_ms: entry.at_ms, from, to })
            }
            _ => None,
        };
        // Of the trail only the limits live, and the own switches are in the memory: it must not hold up a decision.
        let (trail, warnings) = trail.map_or_else(|why| (Vec::new(), vec![why]), |trail| (trail.entries, trail.warnings));
        Ok(Held { memory, version, mode: mode?, elsewhere: trail.into_iter().filter_map(elsewhere).collect(), warnings })
    }

    /// Keeps the memory, if it still has `version`.
    ///
    /// # Errors
    /// What DynamoDB said, with table and Region.
    pub async fn keep(&self, memory: &Memory, version: u64) -> Result<Kept, String> {
        let next = version + 1;
        let nonce = format!("{:016x}", fastrand::u64(..));
        let put = self
            .put("memory", self.home.as_str(), memory)
            .item("version", AttributeValue::N(next.to_string()))
            .item("nonce", AttributeValue::S(nonce.clone()))
            .condition_expression("attribute_not_exists(#pk) OR #version = :version")
            .expression_attribute_names("#pk", "pk")
            .expression_attribute_names("#version", "version")
            .expression_attribute_values(":version", AttributeValue::N(version.to_string()));
        match put.send().await.map_err(translate) {
            Ok(_) => Ok(Kept::As(next)),
            Err(error) if error.kind == Kind::Condition => self.overtaken_or_mine(&nonce, next).await,
            Err(error) => Err(self.place("PutItem", &error)),
        }
    }

    /// The answer of a write may be lost, and the SDK's next try meets what the first one wrote.
    async fn overtaken_or_mine(&self, nonce: &str, next: u64) -> Result<Kept, String> {
        let item = self.item("memory", self.home.as_str()).await?.unwrap_or_default();
        let mine = item.get("nonce").and_then(|n| n.as_s().ok()).is_some_and(|n| n == nonce);
        Ok(if mine { Kept::As(next) } else { Kept::Overtaken })
    }

    /// What people have set.
    ///
    /// # Errors
    /// What DynamoDB said, with table and Region; or that the item cannot be understood.
    pub async fn mode(&self) -> Result<Option<Mode>, String> {
        self.get("mode", "mode").await?.map(|(body, _)| self.understand(&body, "mode")).transpose()
    }

    /// Sets it.
    ///
    /// # Errors
    /// What DynamoDB said, with table and Region.
    pub async fn set_mode(&self, mode: &Mode) -> Result<(), String> {
        let put = self.put("mode", "mode", mode);
        put.send().await.map(|_| ()).map_err(|e| self.place("PutItem", &translate(e)))
    }

    /// What this Region's controller has last found of its own rights.
    ///
    /// # Errors
    /// What DynamoDB said, with table and Region; or that the item cannot be understood.
    pub async fn rights(&self) -> Result<Option<Rights>, String> {
        self.get("rights", self.home.as_str()).await?.map(|(body, _)| self.understand(&body, "rights")).transpose()
    }

    /// Keeps that, in place of what was there.
    ///
    /// # Errors
    /// What DynamoDB said, with table and Region.
    pub async fn keep_rights(&self, rights: &Rights) -> Result<(), String> {
        let put = self.put("rights", self.home.as_str(), rights);
        put.send().await.map(|_| ()).map_err(|e| self.place("PutItem", &translate(e)))
    }

    /// Adds to the audit trail.
    ///
    /// # Errors
    /// What DynamoDB said, with table and Region.
    pub async fn record(&self, entry: &Entry) -> Result<(), String> {
        let sk = format!("{:013}#{}#{}#{}", entry.at_ms, self.home, entry.id, entry.what);
        let expires = entry.at_ms / 1000 + TRAIL_SECONDS;
        let put = self.put("audit", &sk, entry).item("expires", AttributeValue::N(expires.to_string()));
        put.send().await.map(|_| ()).map_err(|e| self.place("PutItem", &translate(e)))
    }

    /// The audit trail since `since_ms`, the newest entry first, at most `limit`.
    ///
    /// # Errors
    /// What DynamoDB said, with table and Region.
    pub async fn trail(&self, since_ms: u64, limit: i32) -> Result<Trail, String> {
        let query = self
            .client
            .query()
            .table_name(self.table)
            .key_condition_expression("#pk = :audit AND #sk >= :since")
            .expression_attribute_names("#pk", "pk")
            .expression_attribute_names("#sk", "sk")
            .expression_attribute_values(":audit", AttributeValue::S("audit".to_owned()))
            .expression_attribute_values(":since", AttributeValue::S(format!("{since_ms:013}")))
            .scan_index_forward(false)
            .limit(limit);
        // One answer brings a megabyte at most.
        let mut items = Vec::new();
        let mut pages = query.into_paginator().send();
        let wanted = usize::try_from(limit).unwrap_or_default();
        while items.len() < wanted {
            let Some(page) = pages.next().await else { break };
            items.extend(page.map_err(|e| self.place("Query", &translate(e)))?.items.unwrap_or_default());
        }
        items.truncate(wanted);
        let bodies = items.iter().filter_map(|i| i.get("body").and_then(|b| b.as_s().ok()));
        let mut trail = Trail::default();
        for body in bodies {
            match self.understand(body, "audit") {
                Ok(entry) => trail.entries.push(entry),
                Err(why) => trail.warnings.push(why),
            }
        }
        Ok(trail)
    }

    async fn get(&self, pk: &str, sk: &str) -> Result<Option<(String, Option<u64>)>, String> {
        Ok(self.item(pk, sk).await?.and_then(|item| {
            let version = item.get("version").and_then(|v| v.as_n().ok()).and_then(|v| v.parse().ok());
            item.get("body").and_then(|b| b.as_s().ok()).map(|body| (body.clone(), version))
        }))
    }

    async fn item(&self, pk: &str, sk: &str) -> Result<Option<HashMap<String, AttributeValue>>, String> {
        let get = self.client.get_item().table_name(self.table).consistent_read(true);
        let get = get.key("pk", AttributeValue::S(pk.to_owned())).key("sk", AttributeValue::S(sk.to_owned())).send();
        Ok(get.await.map_err(|e| self.place("GetItem", &translate(e)))?.item)
    }

    fn put<T: Serialize>(&self, pk: &str, sk: &str, body: &T) -> aws_sdk_dynamodb::operation::put_item::builders::PutItemFluentBuilder {
        let body = serde_json::to_string(body).unwrap_or_default();
        let put = self.client.put_item().table_name(self.table);
        put.item("pk", AttributeValue::S(pk.to_owned())).item("sk", AttributeValue::S(sk.to_owned())).item("body", AttributeValue::S(body))
    }

    /// What cannot be understood is left as it is: a newer version of this software may have written it.
    fn understand<T: DeserializeOwned>(&self, body: &str, what: &str) -> Result<T, String> {
        serde_json::from_str(body)
            .map_err(|e| format!("the item \"{what}\" in table {} in {} cannot be understood: {e}", self.table, self.home))
    }

    fn place(&self, call: &str, error: &Error) -> String {
        format!("{call} on table {} in {}: {}", self.table, self.home, error.cause)
    }
}
