//! What a controller may do, as it has tried itself: under its own role, and from its own place in the network.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::{Deserialize, Serialize};
use wp_dynamodb_core::Region;

/// So often a controller tries its rights.
pub const EVERY_MS: u64 = 3_600_000;
/// What was tried longer ago says nothing of today. Not in an outage is anything tried, so it may be somewhat old.
pub const OLD_MS: u64 = 3 * EVERY_MS;

/// All that one controller has tried, at one time. One item of the control table, in the controller's own Region.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Rights {
    /// When; milliseconds since 1970.
    pub at_ms: u64,
    /// What, and what came of it.
    pub tried: Vec<Tried>,
}

/// One right in one Region.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tried {
    /// Which.
    pub right: Right,
    /// Where.
    pub region: Region,
    /// On what: the name of a table or of the parameter, the ARN of a state machine.
    pub on: String,
    /// What came of it.
    #[serde(flatten)]
    pub found: Found,
}

/// The rights that a controller needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Right {
    /// To write and read its item of the session table.
    Canary,
    /// To read the parameter.
    GetParameter,
    /// To write it.
    PutParameter,
    /// To keep its notes.
    ControlTable,
    /// To start what follows a switch.
    StartExecution,
}

/// What came of a try.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "found", content = "cause", rename_all = "lowercase")]
pub enum Found {
    /// The right is there.
    Held,
    /// It is refused: the cause.
    Missing(String),
    /// What it is a right to is not there: the cause.
    Absent(String),
    /// The try has said nothing about the right, such as by silence: what it met.
    Unknown(String),
    /// It was not tried: why.
    Untried(String),
}

impl Right {
    /// What IAM calls it.
    #[must_use]
    pub fn actions(self) -> &'static [&'static str] {
        match self {
            Right::Canary => &["dynamodb:GetItem", "dynamodb:UpdateItem"],
            Right::GetParameter => &["ssm:GetParameter"],
            Right::PutParameter => &["ssm:PutParameter"],
            Right::ControlTable => &["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query"],
            Right::StartExecution => &["states:StartExecution"],
        }
    }
}

impl fmt::Display for Right {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Right::Canary => "canary",
            Right::GetParameter => "GetParameter",
            Right::PutParameter => "PutParameter",
            Right::ControlTable => "control table",
            Right::StartExecution => "StartExecution",
        })
    }
}

impl Rights {
    /// Those that are refused, and those to what is not there, each with its cause.
    pub fn missing(&self) -> impl Iterator<Item = (&Tried, &str)> {
        self.tried.iter().filter_map(|tried| match &tried.found {
            Found::Missing(cause) | Found::Absent(cause) => Some((tried, cause.as_str())),
            _ => None,
        })
    }

    /// All of it in a sentence.
    #[must_use]
    pub fn in_words(&self) -> String {
        let missing: Vec<String> = self.missing().map(|(tried, cause)| format!("{} in {}: {cause}", tried.right, tried.region)).collect();
        let held = self.tried.iter().filter(|t| t.found == Found::Held).count();
        match missing.is_empty() {
            true => format!("{held} of {} rights are there, none is refused", self.tried.len()),
            false => format!("refused: {}", missing.join("; ")),
        }
    }
}

/// When this process tries its rights next: at its first look, which finds out what an earlier process has left, and then about hourly.
#[derive(Debug, Default)]
pub struct Pace(AtomicU64);

impl Pace {
    /// Whether it is time.
    #[must_use]
    pub fn is_due(&self, now_ms: u64) -> bool {
        now_ms >= self.0.load(Ordering::Relaxed)
    }

    /// They were tried at `at_ms`, by whichever process, or in vain.
    pub fn tried(&self, at_ms: u64) {
        self.0.store(at_ms.saturating_add(EVERY_MS), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_read_again() {
        let tried = |right, found| Tried { right, region: Region::parse("us-east-1").expect("a Region"), on: "t".into(), found };
        let rights = Rights {
            at_ms: 7,
            tried: vec![tried(Right::Canary, Found::Held), tried(Right::PutParameter, Found::Missing("AccessDeniedException".into()))],
        };
        let text = serde_json::to_string(&rights).expect("JSON");
        assert!(text.contains(r#"{"right":"canary","region":"us-east-1","on":"t","found":"held"}"#), "{text}");
        assert!(text.contains(r#""found":"missing","cause":"AccessDeniedException""#), "{text}");
        assert_eq!(serde_json::from_str::<Rights>(&text).expect("read again"), rights);
        assert_eq!(rights.in_words(), "refused: PutParameter in us-east-1: AccessDeniedException");
    }

    #[test]
    fn an_hour_lies_between_two_tries() {
        let pace = Pace::default();
        assert!(pace.is_due(0), "a process that has just started looks");
        pace.tried(1_000);
        assert!(!pace.is_due(1_000 + EVERY_MS - 1) && pace.is_due(1_000 + EVERY_MS));
    }
}
