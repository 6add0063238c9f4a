//! Route 53, as far as failover needs it: health checks by many checkers, failover records, and resolvers that remember answers.
//!
//! ```text
//! probe (real GETs, or a test's results) ─► health (checkers, thresholds, 18 % rule) ─► record (PRIMARY, SECONDARY) ─► resolver (TTL)
//! ```
//!
//! | module | holds |
//! |---|---|
//! | [`check`] | what is checked, and whether an attempt passes |
//! | [`health`] | what all checkers make of it: pure, fed with results |
//! | [`record`] | which Region a name stands for, and who still believes the answer of before |
//! | [`probe`] | checkers that really ask |
//!
//! Source: the Route 53 developer guide, "How Amazon Route 53 determines whether a health check is healthy".

pub mod check;
pub mod health;
pub mod probe;
pub mod record;

pub use check::{Attempt, CheckType, HealthCheck};
pub use health::Health;
pub use record::{Failover, Resolver, Role};
