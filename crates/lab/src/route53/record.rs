//! Failover records and those who ask for them.

use std::time::Duration;

use serde::Serialize;
use tokio::time::Instant;

/// Which of two failover records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Role {
    /// Answers while it is healthy, and when neither is.
    Primary,
    /// Answers while only it is healthy.
    Secondary,
}

/// A name with a PRIMARY and a SECONDARY record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failover {
    /// Whether the primary's health check says healthy; none: it has none and counts as healthy.
    pub primary: Option<bool>,
    /// The secondary's.
    pub secondary: Option<bool>,
}

impl Failover {
    /// The record that answers.
    pub fn answer(self) -> Role {
        match (self.primary.unwrap_or(true), self.secondary.unwrap_or(true)) {
            (false, true) => Role::Secondary,
            // Neither is healthy: Route 53 must give some answer, and gives the primary.
            _ => Role::Primary,
        }
    }
}

/// A resolver between visitors and Route 53: an answer is good until its TTL has passed.
#[derive(Debug, Clone)]
pub struct Resolver {
    ttl: Duration,
    held: Option<(Role, Instant)>,
}

impl Resolver {
    /// A resolver that knows nothing; answers come with this TTL.
    pub fn new(ttl: Duration) -> Self {
        Resolver { ttl, held: None }
    }

    /// Its answer; `ask` is Route 53, asked when nothing is held.
    pub fn resolve(&mut self, now: Instant, ask: impl FnOnce() -> Role) -> Role {
        match self.held {
            Some((role, until)) if now < until => role,
            _ => {
                let role = ask();
                self.held = Some((role, now + self.ttl));
                role
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pair_of_health() {
        use Role::{Primary, Secondary};
        let cases = [
            (Some(true), Some(true), Primary),
            (Some(true), Some(false), Primary),
            (Some(false), Some(true), Secondary),
            (Some(false), Some(false), Primary),
            (Some(false), None, Secondary),
            (None, Some(true), Primary),
            (None, Some(false), Primary),
            (None, None, Primary),
            (Some(true), None, Primary),
        ];
        for (primary, secondary, answer) in cases {
            assert_eq!(Failover { primary, secondary }.answer(), answer, "{primary:?} {secondary:?}");
        }
    }

    #[test]
    fn an_answer_is_held_for_its_ttl_and_asked_for_again_after_it() {
        let begin = Instant::now();
        let mut resolver = Resolver::new(Duration::from_secs(60));
        let at = |s: u64| begin + Duration::from_secs(s);
        assert_eq!(resolver.resolve(at(0), || Role::Primary), Role::Primary);
        assert_eq!(resolver.resolve(at(59), || unreachable!("it is held")), Role::Primary);
        assert_eq!(resolver.resolve(at(60), || Role::Secondary), Role::Secondary);
        assert_eq!(resolver.resolve(at(119), || Role::Primary), Role::Secondary, "the way back takes a TTL, too");
        assert_eq!(resolver.resolve(at(121), || Role::Primary), Role::Primary);
    }
}
