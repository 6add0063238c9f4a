//! CloudWatch alarms on Route 53's `HealthCheckStatus`: when they fire, and in which shapes they arrive.
//!
//! The metric and so the alarm live in us-east-1, whatever Region is watched: without us-east-1 there is no data and no action.
//!
//! | module | holds |
//! |---|---|
//! | [`evaluate`] | data points → state: pure |
//! | [`watch`] | one alarm over time: samples, periods, the life of us-east-1 |
//! | [`event`] | the three shapes in which a change reaches a Lambda |
//! | [`timestamp`] | times as AWS writes them |

pub mod evaluate;
pub mod event;
pub mod timestamp;
pub mod watch;

pub use evaluate::{Comparison, Missing, Rule, State};
pub use event::{Alarm, Change};
pub use watch::Watch;
