//! One thing that was looked at: what it is, what was seen, and what puts it right.

use std::fmt;
use std::future::Future;
use std::time::Duration;

use serde::Serialize;
use wp_dynamodb_core::{Error, Kind, Region};

/// No check takes longer, whatever it asks.
pub(super) const LIMIT: Duration = Duration::from_secs(8);

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Verdict {
    /// As it should be.
    Ok,
    /// It could not be looked at: an emulator, a right of the person who looks.
    Skipped,
    /// It works, and could be better.
    Warn,
    /// A failover would not work as it should.
    Fail,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Verdict::Ok => "ok",
            Verdict::Skipped => "skipped",
            Verdict::Warn => "warn",
            Verdict::Fail => "FAIL",
        })
    }
}

/// A check and its result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Check {
    /// What was looked at.
    pub name: String,
    /// In which Region; none: it belongs to no single one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<Region>,
    /// How it ended.
    pub verdict: Verdict,
    /// What was seen, or why it was not looked at.
    pub seen: String,
    /// A command or an IAM statement that puts it right.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fix: Option<String>,
}

/// What is looked at, and where: checks are made of it.
#[derive(Debug, Clone)]
pub(super) struct Subject {
    name: String,
    region: Option<Region>,
}

impl Subject {
    pub(super) fn new(name: impl Into<String>, region: Option<&Region>) -> Self {
        Subject { name: name.into(), region: region.cloned() }
    }

    fn end(&self, verdict: Verdict, seen: impl Into<String>, fix: Option<String>) -> Check {
        Check { name: self.name.clone(), region: self.region.clone(), verdict, seen: seen.into(), fix }
    }

    pub(super) fn ok(&self, seen: impl Into<String>) -> Check {
        self.end(Verdict::Ok, seen, None)
    }

    pub(super) fn warn(&self, seen: impl Into<String>, fix: impl Into<String>) -> Check {
        self.end(Verdict::Warn, seen, Some(fix.into()))
    }

    pub(super) fn fail(&self, seen: impl Into<String>, fix: impl Into<String>) -> Check {
        self.end(Verdict::Fail, seen, Some(fix.into()))
    }

    pub(super) fn skipped(&self, why: impl Into<String>) -> Check {
        self.end(Verdict::Skipped, why, None)
    }

    /// A call that only this command makes, and that failed: a missing right hinders the look, nothing else.
    pub(super) fn not_seen(&self, call: &str, error: &Error, statement: impl Into<String>) -> Check {
        if error.kind == Kind::Access {
            let why = format!("{call} is not allowed with these credentials: {}", error.cause);
            return self.end(Verdict::Skipped, why, Some(statement.into()));
        }
        self.fail(format!("{call}: {}", error.cause), self.reach())
    }

    /// `look`, within the limit of every check.
    pub(super) async fn within(&self, look: impl Future<Output = Vec<Check>>) -> Vec<Check> {
        match tokio::time::timeout(LIMIT, look).await {
            Ok(checks) => checks,
            Err(_) => vec![self.fail(format!("no answer within {} s", LIMIT.as_secs()), self.reach())],
        }
    }

    /// What to look at when a Region does not answer.
    pub(super) fn reach(&self) -> String {
        let place = self.region.as_ref().map_or_else(|| "AWS".to_owned(), |r| format!("AWS in {r}"));
        format!("see whether {place} can be reached from here (network, proxy, endpoints), and https://health.aws.amazon.com/health/status")
    }
}

/// An IAM statement that allows `actions` on the items of table `resource` whose partition key is like `keys`, and on no other.
pub(super) fn allow_keys(actions: &[&str], resource: &str, keys: &str) -> String {
    // Null refuses a call without a key, which ForAllValues alone would let pass.
    let condition =
        serde_json::json!({"ForAllValues:StringLike": {"dynamodb:LeadingKeys": [keys]}, "Null": {"dynamodb:LeadingKeys": "false"}});
    serde_json::json!({"Effect": "Allow", "Action": actions, "Resource": resource, "Condition": condition}).to_string()
}

/// An IAM statement that allows `actions` on `resource`.
pub(super) fn allow(actions: &[&str], resource: &str) -> String {
    let statement = serde_json::json!({"Effect": "Allow", "Action": actions, "Resource": resource});
    statement.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_right_to_look_is_no_fault_of_what_is_looked_at() {
        let subject = Subject::new("session table", None);
        let denied = subject.not_seen("DescribeTable", &Error::new(Kind::Access, "AccessDenied"), allow(&["a:B"], "arn"));
        assert_eq!(denied.verdict, Verdict::Skipped);
        let statement: serde_json::Value = serde_json::from_str(&denied.fix.expect("a fix")).expect("JSON");
        assert_eq!(statement, serde_json::json!({"Effect": "Allow", "Action": ["a:B"], "Resource": "arn"}));
        assert_eq!(subject.not_seen("DescribeTable", &Error::new(Kind::Timeout, "no answer in time"), "").verdict, Verdict::Fail);
    }

    #[tokio::test(start_paused = true)]
    async fn what_never_answers_fails_at_the_limit() {
        let checks = Subject::new("x", None).within(std::future::pending()).await;
        assert_eq!((checks.len(), checks[0].verdict), (1, Verdict::Fail));
        assert!(checks[0].seen.contains("8 s"), "{}", checks[0].seen);
    }
}
