//! One typed error with its cause, translated once at the edge into a PHP warning or exception.

use std::fmt;
use std::time::Duration;

use crate::region::Region;

/// What went wrong, by what the caller or the operator can do about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A setting, credential or schema is wrong: nothing to retry, no other Region would help.
    Config,
    /// The credentials may not do this (`AccessDeniedException` and its relatives).
    Access,
    /// The table or parameter does not exist in this Region.
    NotFound,
    /// The deadline passed.
    Timeout,
    /// The Region could not be reached, or answered 5xx.
    Unavailable,
    /// The Region asked for fewer calls, and retries did not fit into the deadline.
    Throttled,
    /// A condition on the item did not hold (the item has gone or changed).
    Condition,
    /// The stored data failed its check.
    Corrupt,
    /// The data does not fit into an item.
    TooLarge,
    /// Somebody else has the session's lock, or has taken it over.
    Locked,
    /// The caller asked for something that makes no sense.
    Invalid,
    /// A defect in this software.
    Internal,
}

impl Kind {
    /// Every kind, for metrics.
    pub const ALL: [Kind; 12] = [
        Kind::Config,
        Kind::Access,
        Kind::NotFound,
        Kind::Timeout,
        Kind::Unavailable,
        Kind::Throttled,
        Kind::Condition,
        Kind::Corrupt,
        Kind::TooLarge,
        Kind::Locked,
        Kind::Invalid,
        Kind::Internal,
    ];

    /// The name used in metrics, status and `/healthz`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Kind::Config => "config",
            Kind::Access => "access",
            Kind::NotFound => "not_found",
            Kind::Timeout => "timeout",
            Kind::Unavailable => "unavailable",
            Kind::Throttled => "throttled",
            Kind::Condition => "condition",
            Kind::Corrupt => "corrupt",
            Kind::TooLarge => "too_large",
            Kind::Locked => "locked",
            Kind::Invalid => "invalid",
            Kind::Internal => "internal",
        }
    }
}

/// A failure, with where it happened.
///
/// Never holds a session id, a key or session data.
#[derive(Debug, Clone)]
pub struct Error {
    /// What sort of failure.
    pub kind: Kind,
    /// The cause in words, without place: `connection refused`.
    pub cause: String,
    /// The call that failed: `GetItem`.
    pub operation: Option<&'static str>,
    /// The Region that was asked.
    pub region: Option<Region>,
    /// The table or parameter that was asked for: `table wordpress_sessions`.
    pub resource: Option<String>,
    /// How long it took, from the caller's view.
    pub elapsed: Option<Duration>,
    /// Another attempt of the same call ended so that nobody knows whether it was carried out.
    pub uncertain: bool,
}

impl Error {
    /// An error without a place.
    pub fn new(kind: Kind, cause: impl Into<String>) -> Self {
        Error { kind, cause: cause.into(), operation: None, region: None, resource: None, elapsed: None, uncertain: false }
    }

    /// Adds the place: call, Region, table or parameter.
    #[must_use]
    pub fn at(mut self, operation: &'static str, region: &Region, resource: String) -> Self {
        self.operation = Some(operation);
        self.region = Some(region.clone());
        self.resource = Some(resource);
        self
    }

    /// Adds how long the caller waited.
    #[must_use]
    pub fn after(mut self, elapsed: Duration) -> Self {
        self.elapsed = Some(elapsed);
        self
    }
}

impl Error {
    /// Whether what was asked for may have been done all the same: an answer was lost, now or in an earlier attempt.
    #[must_use]
    pub fn may_be_done(&self) -> bool {
        self.uncertain || matches!(self.kind, Kind::Timeout | Kind::Unavailable | Kind::Internal)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.cause)?;
        let mut place = Vec::new();
        if let Some(operation) = self.operation {
            place.push(operation.to_owned());
        }
        if let Some(resource) = &self.resource {
            place.push(format!("on {resource}"));
        }
        if let Some(region) = &self.region {
            place.push(format!("in {region}"));
        }
        // Less than a millisecond: it answered at once, and that is no news.
        if let Some(elapsed) = self.elapsed.filter(|elapsed| elapsed.as_millis() > 0) {
            place.push(format!("after {} ms", elapsed.as_millis()));
        }
        if !place.is_empty() {
            write!(f, " ({})", place.join(" "))?;
        }
        if let Some(advice) = self.advice() {
            write!(f, ": {advice}")?;
        }
        Ok(())
    }
}

impl Error {
    /// What an operator should do, where there is one thing to do.
    fn advice(&self) -> Option<String> {
        let (operation, resource, region) = (self.operation?, self.resource.as_deref()?, self.region.as_ref()?);
        let service = if operation == "GetParameter" { "ssm" } else { "dynamodb" };
        match self.kind {
            Kind::Access => Some(format!("allow {service}:{operation} on {resource} in {region} in the IAM policy of this host")),
            Kind::NotFound if service == "ssm" => Some(format!("create {resource} in {region}, or correct wp_dynamodb.region_parameter")),
            Kind::NotFound => Some(format!("create {resource} in {region} as a replica of the global table, or correct wp_dynamodb.table")),
            _ => None,
        }
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_where_and_what_to_do() {
        let region = Region::parse("us-east-1").expect("a Region");
        let error = Error::new(Kind::NotFound, "the table does not exist")
            .at("GetItem", &region, "table wordpress_sessions".into())
            .after(Duration::from_millis(12));
        assert_eq!(
            error.to_string(),
            "the table does not exist (GetItem on table wordpress_sessions in us-east-1 after 12 ms): \
             create table wordpress_sessions in us-east-1 as a replica of the global table, or correct wp_dynamodb.table"
        );
    }
}
