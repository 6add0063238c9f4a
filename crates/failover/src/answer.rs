//! What came of an event: the Lambda's answer, the audit trail's entries, log lines and metrics. All of it JSON.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use wp_dynamodb_core::Region;

use crate::memory::Mode;
use crate::rights::Rights;
use crate::signal::{AlarmState, Look, Reading, Signal};

/// What the function answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Answer {
    /// `stay`, `look`, `switch`, `failback`, `repair`, `refuse`, `check`, or the order that was carried out.
    pub decision: String,
    /// Why, in a sentence.
    pub why: String,
    /// The Region that hosts follow now.
    pub active: String,
    /// The Region that was left.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Region>,
    /// The Region that was gone to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<Region>,
    /// The parameter's whole value that was ordered.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub value: String,
    /// Regions whose parameter was written.
    pub written: Vec<Region>,
    /// Regions whose parameter could not be written, or read, and may be old.
    pub stragglers: BTreeMap<Region, String>,
    /// What was seen of each Region.
    pub signals: BTreeMap<Region, Seen>,
    /// What people have set, if they have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<Mode>,
    /// How many looks it took.
    pub looks: u32,
    /// Regions whose controllers have not been told of a mode, and hear of it by replication: why.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub not_told: BTreeMap<Region, String>,
    /// What controllers may do, as they have tried, by the controller's Region.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub rights: BTreeMap<Region, Rights>,
    /// The active Region is lost, and it shall not or cannot be moved.
    pub refused: bool,
    /// What did not go as it should, beside that; a sentence each.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

/// What was seen of one Region, in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Seen {
    /// Its public health check.
    pub site: Signal,
    /// The canary in its session table.
    pub dynamodb: Signal,
    /// Its alarm: `alarm`, `ok` or `unknown`.
    pub alarm: AlarmState,
    /// Its parameter.
    pub parameter: String,
    /// In so many looks in a row it was found lost.
    pub lost_looks: u32,
    /// Since when it has been well without a break; milliseconds since 1970.
    pub well_since_ms: Option<u64>,
}

/// One entry of the audit trail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The switch it belongs to, or its own name.
    pub id: String,
    /// When; milliseconds since 1970.
    pub at_ms: u64,
    /// `begun`, `switched`, `repaired`, `followed`, `abandoned`, `pinned`, `unpinned`, `mode`.
    pub what: String,
    /// Who.
    pub by: String,
    /// Why.
    pub why: String,
    /// Whether no person was asked.
    pub automatic: bool,
    /// The controller's own Region.
    pub home: String,
    /// The Region that was left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Region>,
    /// The Region that was gone to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Region>,
    /// Regions whose parameter was written.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub written: Vec<Region>,
    /// Regions whose parameter could not be written: why.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub stragglers: BTreeMap<Region, String>,
}

/// A reading in words.
#[must_use]
pub fn reading(reading: Option<&Reading>) -> String {
    match reading {
        Some(Reading::Value { value, .. }) => value.clone(),
        Some(Reading::Missing) => "missing".to_owned(),
        Some(Reading::Bad(why)) => format!("bad: {why}"),
        Some(Reading::Failed(why)) => format!("not read: {why}"),
        None => "not looked at".to_owned(),
    }
}

/// How loud a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Level {
    /// What went as usual.
    Info,
    /// What somebody should look at by day.
    Warn,
    /// What somebody should look at now.
    Error,
}

/// One line of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// How loud.
    pub level: Level,
    /// What happened, in a sentence.
    pub message: String,
    /// What belongs to it.
    pub fields: Value,
}

impl Line {
    /// A line of JSON.
    #[must_use]
    pub fn json(&self) -> String {
        let mut line = json!({"level": self.level, "message": self.message});
        if let (Some(line), Value::Object(fields)) = (line.as_object_mut(), &self.fields) {
            line.extend(fields.clone());
        }
        line.to_string()
    }
}

/// CloudWatch metrics in the embedded format: one line for each Region, one for the controller. `tick`: it was the
/// schedule that called, whose silence is alarming. `now_ms`: milliseconds since 1970.
#[must_use]
pub fn metrics(answer: &Answer, look: &Look, tick: bool, now_ms: u64) -> Vec<String> {
    const NAMESPACE: &str = "WpDynamoDbFailover";
    let head = |names: &[&str], dimensions: Value| {
        let metrics: Vec<Value> = names.iter().map(|n| json!({"Name": n, "Unit": "Count"})).collect();
        json!({"Timestamp": now_ms, "CloudWatchMetrics": [{"Namespace": NAMESPACE, "Dimensions": dimensions, "Metrics": metrics}]})
    };
    let mut lines = Vec::new();
    for (region, signals) in &look.signals {
        let mut names = vec!["Lost"];
        let lost = answer.signals.get(region).is_some_and(|s| s.lost_looks > 0);
        let mut line = json!({"Region": region, "Lost": u8::from(lost)});
        // Of what is not known there is no figure: neither 0 nor 1 would be true.
        for (name, signal) in [("SiteHealthy", &signals.site), ("DynamoDbHealthy", &signals.dynamodb)] {
            if matches!(signal, Signal::Ok | Signal::Failed(_)) {
                names.push(name);
                line[name] = json!(u8::from(*signal == Signal::Ok));
            }
        }
        line["_aws"] = head(&names, json!([["Region"]]));
        lines.push(line.to_string());
    }
    // What would be done is no switch: somebody may only have asked.
    let moved = matches!(answer.decision.as_str(), "switch" | "failback") && !answer.written.is_empty();
    let line = json!({
        "Ticks": u8::from(tick),
        "Switches": u8::from(moved),
        "Stragglers": answer.stragglers.len(),
        "Refused": u8::from(answer.refused),
        "_aws": head(&["Ticks", "Switches", "Stragglers", "Refused"], json!([[]])),
    });
    lines.push(line.to_string());
    lines
}
